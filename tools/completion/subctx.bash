# subctx.bash - completion for bash of options, what they want, cores and processes

# Sets @typed, the word up to the cursor, and @first, the index of the first of the
# pieces that readline has made of it, as it takes = and : for ends of words; and of
# --option=value or --option value both.
_subctx_look() {
	first=$COMP_CWORD typed=${COMP_WORDS[COMP_CWORD]} option= value=
	while ((first > 1)) && [[ ${COMP_WORDS[first]} == [=:]* ||
		${COMP_WORDS[first - 1]} == *[=:] ]]; do
		typed=${COMP_WORDS[--first]}$typed
	done
	if [[ $typed == --*=* ]]; then
		option=${typed%%=*} value=${typed#*=}
	elif [[ $typed != -* ]] && _subctx_wants_value "${COMP_WORDS[first - 1]}"; then
		option=${COMP_WORDS[first - 1]} value=$typed
	fi
}

# Of those that may have it as the next word.
_subctx_wants_value() {
	[[ " $wants " == *" $1 "* ]]
}

# What compgen finds, for @value if there is an option, or else for @typed.
_subctx_add() {
	local about=$typed
	[[ $option ]] && about=$value
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$@" -- "$about")
}

_subctx_files() {
	compopt -o filenames
	_subctx_add -f
}

# Cores, and the folders in which there may be some.
_subctx_cores() {
	compopt -o filenames
	_subctx_add -f -X '!*.core'
	_subctx_add -d
}

_subctx_processes() {
	_subctx_add -W "$(ps -u "$(id -u)" -o pid=)"
}

# Readline replaces no more than the last piece of the word.
_subctx_cut() {
	local piece=${COMP_WORDS[COMP_CWORD]} about=$typed kept
	[[ $option ]] && about=$value
	[[ $piece == [=:]* ]] && piece=
	[[ $piece == "$typed" && $typed != "$about" ]] &&
		COMPREPLY=("${COMPREPLY[@]/#/${typed%"$about"}}") && about=$typed
	kept=${about%"$piece"}
	COMPREPLY=("${COMPREPLY[@]#"$kept"}")
	[[ ${#COMPREPLY[@]} == 1 && $COMPREPLY == *[=:] ]] && compopt -o nospace
	return 0
}

# Where the program of a service stands before the cursor, from 1, or 0.
_subctx_find_program() {
	local i
	for ((i = 1, program = 0; i < first && program == 0; i++)); do
		case ${COMP_WORDS[i]} in
		=) ((i++)) ;;
		--) ((program = i + 1 < first ? i + 1 : 0, i = first)) ;;
		-*)
			_subctx_wants_value "${COMP_WORDS[i]}" &&
				[[ ${COMP_WORDS[i + 1]} != = ]] && ((i++))
			;;
		*) program=$i ;;
		esac
	done
}

# What a service is given it may have completion for itself.
_subctx_service() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$program"
	else
		option=
		_subctx_files
		_subctx_cut
	fi
}

_subctx_carry() {
	local head=${value%"${value##*,}"}
	compopt -o nospace
	value=${value##*,}
	_subctx_add -W 'all file file:any directory directory:any device pipe
		socketpair listener udp eventfd timerfd signalfd epoll inotify memfd
		stream'
	value=$head$value
	COMPREPLY=("${COMPREPLY[@]/#/$head}")
}

_subctx_capture() {
	local typed first option value program
	local wants='-o --output --ready --timeout --settle --cpu --carry --drop'
	wants+=' --inherit --policy --pid --from --base --file --explain'
	_subctx_look
	_subctx_find_program
	((program)) && _subctx_service && return
	case $option in
	-o | --output | --policy | --json) _subctx_files ;;
	--pid) _subctx_processes ;;
	--from | --base) _subctx_cores ;;
	--file) _subctx_moved ;;
	--cpu) _subctx_add -W 'x86-64 x86-64-v2 x86-64-v3 x86-64-v4' ;;
	--carry) _subctx_carry ;;
	--ready) _subctx_add -W 'default marker stop notify stdin symbol: line:
		syscall: output: after: signal:' ;;
	'')
		case $typed in
		-*) _subctx_add -W '--output= --ready= --timeout= --settle= --cpu=
			--carry= --drop= --inherit= --policy= --thin --pid= --from=
			--base= --file= --leave-running --kill --remap --audit-only
			--explain= --json --json= --quiet --verbose --help --version' ;;
		*) _subctx_add -c ;;
		esac
		;;
	esac
	_subctx_cut
}

# --file=OLD=NEW: both are files.
_subctx_moved() {
	local head=${value%"${value##*=}"}
	value=${value##*=}
	_subctx_files
	value=$head$value
	COMPREPLY=("${COMPREPLY[@]/#/$head}")
}

_subctx_restore() {
	local typed first option value wants='--inherit --base --file'
	_subctx_look
	case $option in
	--base) _subctx_cores ;;
	--file) _subctx_moved ;;
	'')
		case $typed in
		-*) _subctx_add -W '--inherit= --base= --file= --dry-run --populate
			--hugepages --record --stop --help --version' ;;
		*) _subctx_cores ;;
		esac
		;;
	esac
	_subctx_cut
}

_subctx_inspect() {
	local typed first option value wants='--flatten --base --file'
	_subctx_look
	case $option in
	--base) _subctx_cores ;;
	--file) _subctx_moved ;;
	--flatten) _subctx_files ;;
	'')
		case $typed in
		-*) _subctx_add -W '--json --verify --flatten= --base= --file= --help
			--version' ;;
		*) _subctx_cores ;;
		esac
		;;
	esac
	_subctx_cut
}

_subctx_launch() {
	local typed first option value wants=
	_subctx_look
	case $first-$typed in
	1--*) _subctx_add -W '--help --version' ;;
	1-*)
		compopt -o filenames
		_subctx_add -f -X '!*.so*'
		_subctx_add -d
		;;
	*) _subctx_files ;;
	esac
	_subctx_cut
}

_subctx_addresses() {
	local typed first option value wants='--samples --svg'
	_subctx_look
	case $option in
	--svg) _subctx_files ;;
	'')
		case $typed in
		-*) _subctx_add -W '--samples= --svg= --json --help --version' ;;
		*)
			_subctx_cores
			_subctx_processes
			_subctx_add -c
			;;
		esac
		;;
	esac
	_subctx_cut
}

complete -F _subctx_addresses subctx-addresses
complete -F _subctx_capture subctx-capture
complete -F _subctx_inspect subctx-inspect
complete -F _subctx_launch subctx-launch
complete -F _subctx_restore subctx-restore
