# subctx.bash - completion of options and cores for bash

_subctx_capture() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	case $before in
	-o | --output)
		COMPREPLY=($(compgen -f -- "$word"))
		return
		;;
	--pid)
		COMPREPLY=($(compgen -W "$(ps -u "$(id -u)" -o pid=)" -- "$word"))
		return
		;;
	esac
	case $word in
	--cpu=*)
		COMPREPLY=($(compgen -P --cpu= -W 'x86-64 x86-64-v2 x86-64-v3
			x86-64-v4' -- "${word#--cpu=}"))
		;;
	--carry=*)
		COMPREPLY=($(compgen -P --carry= -W 'all file file:any directory
			directory:any device pipe socketpair listener udp eventfd
			timerfd signalfd epoll inotify memfd stream' \
			-- "${word#--carry=}"))
		compopt -o nospace
		;;
	--from=*)
		COMPREPLY=($(compgen -P --from= -f -X '!*.core' -- "${word#--from=}"))
		;;
	--policy=*)
		COMPREPLY=($(compgen -P --policy= -f -- "${word#--policy=}"))
		;;
	--ready=*)
		COMPREPLY=($(compgen -P --ready= -W 'default marker stop notify
			stdin symbol: line: syscall: output: after: signal:' \
			-- "${word#--ready=}"))
		compopt -o nospace
		;;
	-*)
		COMPREPLY=($(compgen -W '--output= --ready= --timeout= --settle= --cpu= --pid= --from= --thin
			--carry= --drop= --inherit= --policy=
			--explain= --audit-only
			--leave-running --kill --remap --json --quiet --verbose
			--help --version' -- "$word"))
		;;
	*)
		COMPREPLY=($(compgen -c -- "$word"))
		;;
	esac
}

_subctx_restore() {
	local word=${COMP_WORDS[COMP_CWORD]}

	case $word in
	-*) COMPREPLY=($(compgen -W '--inherit= --base= --file= --dry-run --populate --hugepages --record --stop --help --version' -- "$word")) ;;
	*) COMPREPLY=($(compgen -f -X '!*.core' -- "$word")) ;;
	esac
}

_subctx_inspect() {
	local word=${COMP_WORDS[COMP_CWORD]}

	case $word in
	-*) COMPREPLY=($(compgen -W '--json --verify --flatten= --base= --file= --help --version' -- "$word")) ;;
	*) COMPREPLY=($(compgen -f -X '!*.core' -- "$word")) ;;
	esac
}

_subctx_addresses() {
	local word=${COMP_WORDS[COMP_CWORD]}

	case $word in
	--svg=*) COMPREPLY=($(compgen -P --svg= -f -- "${word#--svg=}")) ;;
	-*)
		COMPREPLY=($(compgen -W '--samples= --svg= --json --help --version' \
			-- "$word"))
		;;
	*)
		COMPREPLY=($(compgen -W "$(ps -u "$(id -u)" -o pid=)" -- "$word")
			$(compgen -f -X '!*.core' -- "$word")
			$(compgen -c -- "$word"))
		;;
	esac
}

complete -o filenames -F _subctx_addresses subctx-addresses
complete -o filenames -F _subctx_capture subctx-capture
complete -o filenames -F _subctx_restore subctx-restore
complete -o filenames -F _subctx_inspect subctx-inspect
