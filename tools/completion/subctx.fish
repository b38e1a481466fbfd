# subctx.fish - completion for fish of options, what they want, cores and processes

# Each of the programs has this file, and all of them are in it.
for program in addresses capture inspect launch restore
    complete -c subctx-$program -e
end
for program in addresses capture inspect restore
    complete -c subctx-$program -s h -l help -d 'Print a summary'
    complete -c subctx-$program -s V -l version -d 'Print the version'
end

# What stands behind --inherit, --pid and the like may be a word of its own.
function __subctx_before_program
    set -l words (commandline -opc)[2..]
    while set -q words[1]
        switch $words[1]
            case -o --output --ready --timeout --settle --cpu --carry --drop --inherit \
                --policy --pid --from --base --file --explain
                set -e words[1]
            case --
                set -q words[2]
                and return 1
            case '-*'
            case '*'
                return 1
        end
        set -e words[1]
    end
end

# What is typed of a value, without the option before it.
function __subctx_value
    commandline -ct | string replace -r '^--[a-z-]+=' ''
end

# The part of a list that stands before its last comma, with each kind.
function __subctx_kinds
    set -l head (string match -r '^.*,' -- (__subctx_value))
    printf "$head%s\n" all file file:any directory directory:any device pipe socketpair \
        listener udp eventfd timerfd signalfd epoll inotify memfd stream
end

# What stands behind the library is for the service.
function __subctx_before_library
    test (count (commandline -opc)) = 1
end

# Libraries, and the folders in which there may be some.
function __subctx_libraries
    complete -C "__fish_command_without_completions "(__subctx_value) |
        string match -r '^.*(?:\.so[.0-9]*|/)$'
end

# Cores, and the folders in which there may be some.
function __subctx_cores
    complete -C "__fish_command_without_completions "(__subctx_value) |
        string match -r '^.*(?:\.core|/)$'
end

set -l capture complete -c subctx-capture -n __subctx_before_program
$capture -s o -l output -r -F -d 'The core'
$capture -l ready -x -d 'When it is ready' \
    -a 'default marker stop notify stdin symbol: line: syscall: output: after: signal:'
$capture -l timeout -x -d 'How long that may take, in seconds'
$capture -l settle -x -d 'How long other threads may finish what they are at'
$capture -l cpu -x -d 'Have it choose its code for a level' \
    -a 'x86-64 x86-64-v2 x86-64-v3 x86-64-v4'
$capture -l carry -x -d 'Have descriptors made again' -a '(__subctx_kinds)'
$capture -l drop -x -d 'Restores do not have this descriptor'
$capture -l inherit -x -d 'Restores have that of the restorer'
$capture -l policy -r -F -d 'Rules for many'
$capture -l thin -d 'Leave out pages that a file has'
$capture -l pid -x -d 'Take a process that runs already' -a '(__fish_complete_pids)'
$capture -l from -x -d 'Restore a core and capture it anew' \
    -a '(__subctx_cores)'
$capture -l base -x -d 'A base of that core that has another place now' \
    -a '(__subctx_cores)'
$capture -l file -r -F -d 'A file that has another place now: OLD=NEW'
$capture -l leave-running -d 'Let the service go on afterwards'
$capture -l kill -d 'End it afterwards'
$capture -l remap -d 'Have a service that goes on share the memory of its core'
$capture -l audit-only -d 'Print what was looked at, capture nothing'
$capture -l explain -x -d 'Tell the story of one descriptor'
$capture -l json -d 'Print the report as JSON, or write it to a file' \
    -a '(__fish_complete_path (__subctx_value))'
$capture -s q -l quiet -d 'Print nothing but errors'
$capture -s v -l verbose -d 'Print everything that was looked at'
complete -c subctx-capture -x -a '(__fish_complete_subcommand -- -o --output --ready --timeout \
    --settle --cpu --carry --drop --inherit --policy --pid --from --base --file --explain)'

for program in inspect restore
    complete -c subctx-$program -x -a '(__subctx_cores)'
    complete -c subctx-$program -l base -x -d 'A base that has another place now' \
        -a '(__subctx_cores)'
    complete -c subctx-$program -l file -r -F -d 'A file that has another place now: OLD=NEW'
end

complete -c subctx-inspect -l json -d 'Print all as one JSON object'
complete -c subctx-inspect -l verify -d 'Say whether the memory is what was captured'
complete -c subctx-inspect -l flatten -r -F -d 'Write it with all that it needs'

complete -c subctx-restore -l inherit -x -d 'Take a descriptor of the caller'
complete -c subctx-restore -l dry-run -d 'Print what would be done'
complete -c subctx-restore -l populate -d 'Have all of its memory at hand'
complete -c subctx-restore -l hugepages -d 'Copy large memory into huge pages'
complete -c subctx-restore -l record -d 'Keep which pages it needs'
complete -c subctx-restore -l stop -d 'Be stopped at the ready point'

complete -c subctx-addresses -l samples -x -d 'Start the program so many times'
complete -c subctx-addresses -l svg -r -F -d 'Draw the address spaces side by side'
complete -c subctx-addresses -l json -d 'Print the answer as JSON'
complete -c subctx-addresses -x \
    -a '(__fish_complete_pids; __subctx_cores; __fish_complete_command)'

set -l launch complete -c subctx-launch -n __subctx_before_library
$launch -s h -l help -d 'Print a summary'
$launch -s V -l version -d 'Print the version'
$launch -x -a '(__subctx_libraries)'
complete -c subctx-launch -n 'not __subctx_before_library' -F
