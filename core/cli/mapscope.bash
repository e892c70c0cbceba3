# Completion for bash: commands, their options as the tool's own help lists them, processes and files. Sourced by bash-completion
# from share/bash-completion/completions/mapscope.
_mapscope() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} commands i command=
	commands=$(mapscope --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ " ${commands//$'\n'/ } " == *" ${COMP_WORDS[i]} "* ]] && command=${COMP_WORDS[i]}
	done
	COMPREPLY=()
	case $before in
	--pid)
		mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [1-9]*)" -- "$word")
		return
		;;
	--core | --exe | -o)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--sort)
		mapfile -t COMPREPLY < <(compgen -W key -- "$word")
		return
		;;
	esac
	if [[ $word == -* && $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--help $(mapscope help "$command" 2>/dev/null |
			sed -n 's/^  \(--*[a-z]*\) .*/\1/p')" -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--help --version --pid --core --exe --stop --type-descriptor' -- "$word")
	elif [[ $command == save || $command == diff || $command == trace ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	elif [[ ! $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands help" -- "$word")
	fi
}
complete -o filenames -F _mapscope mapscope
