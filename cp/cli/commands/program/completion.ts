/** `vmeshctl completion`: a script for a shell, which asks `vmeshctl __complete WORDS…` for what may come next. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { COMPLETE, FILES } from '../../help/completion.ts'
import type { World } from '../../world.ts'

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# vmeshctl completion for bash: source <(vmeshctl completion bash)
_vmeshctl() {
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}") current="\${COMP_WORDS[COMP_CWORD]}" found
  found=$(vmeshctl ${COMPLETE} "\${words[@]}" 2>/dev/null) || return
  if [ "$found" = '${FILES}' ]; then
    compopt -o default
    COMPREPLY=()
  else
    mapfile -t COMPREPLY < <(compgen -W "$found" -- "$current")
  fi
}
complete -F _vmeshctl vmeshctl
`,
  zsh: `#compdef vmeshctl
# vmeshctl completion for zsh: source <(vmeshctl completion zsh)
_vmeshctl() {
  local -a found
  found=("\${(@f)$(vmeshctl ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "$found[1]" == '${FILES}' ]]; then _files; else compadd -- $found; fi
}
compdef _vmeshctl vmeshctl
`,
  fish: `# vmeshctl completion for fish: vmeshctl completion fish | source
function __vmeshctl_complete
  set -l words (commandline -opc)[2..-1] (commandline -ct)
  set -l found (vmeshctl ${COMPLETE} $words 2>/dev/null)
  if test "$found" = '${FILES}'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $found
  end
end
complete -c vmeshctl -f -a '(__vmeshctl_complete)'
`,
}

export function completionCommand(world: World): CommandNode {
  return command({
    name: 'completion',
    doc: 'print a completion script for a shell',
    arguments: { shell: { value: 'SHELL', doc: 'bash, zsh or fish' } },
    notes: 'For this shell: source <(vmeshctl completion bash)',
    run: async ({ args }) => {
      const script = Object.hasOwn(SCRIPTS, args.shell) ? SCRIPTS[args.shell] : undefined
      if (script === undefined)
        throw usageError(`no completion for ${args.shell}; there is bash, zsh and fish`)
      world.out(script)
      return EXIT.ok
    },
  })
}
