/** A command of the tree → its manual page in man(7) macros. */
import { type CommandNode, flagOf, type OptionSpec } from '#base/command-line.ts'
import { VERSION } from '#base/version.ts'
import { TARGET_OPTIONS } from '../target.ts'
import { EXIT_CODES } from './topics.ts'

/** @param path from the program to the command */
export function manualPage(path: readonly CommandNode[]): string {
  const node = path.at(-1)
  if (node === undefined) return ''
  const words = path.map(one => one.name)
  const name = words.join('-')
  const isProgram = path.length === 1
  const global = Object.entries(TARGET_OPTIONS)
  const own = Object.entries(node.options).filter(
    ([, spec]) => isProgram || !global.some(([, one]) => one === spec),
  )
  return [
    `.TH ${quoted(name.toUpperCase())} 1 "" ${quoted(`vmesh ${VERSION}`)} "vmesh"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(node.doc)}`,
    '.SH SYNOPSIS',
    `.B ${escaped(words.join(' '))}`,
    escaped(synopsis(node)),
    '.SH DESCRIPTION',
    escaped(sentence(node.doc)),
    ...(node.notes === '' ? [] : ['.PP', ...node.notes.split('\n').map(escaped)]),
    ...section(
      'ARGUMENTS',
      Object.values(node.arguments).map(({ value, doc }) => [value, sentence(doc)]),
    ),
    ...section(
      'COMMANDS',
      node.commands.map(child => [child.name, sentence(child.doc)]),
    ),
    ...section(
      'OPTIONS',
      own.map(([key, spec]) => [optionHead(key, spec), optionText(spec)]),
    ),
    ...(isProgram ? [] : ['.SH GLOBAL OPTIONS', 'See', '.BR vmeshctl (1).']),
    ...section(
      'EXIT STATUS',
      EXIT_CODES.map(([code, meaning]) => [String(code), sentence(meaning)]),
    ),
    ...(isProgram
      ? [
          '.SH FILES',
          '.TP',
          '~/.vmeshctl/config',
          escaped("Control planes and contexts, in kumactl's format."),
        ]
      : []),
    '.SH SEE ALSO',
    isProgram
      ? node.commands.map(child => `.BR vmeshctl-${escaped(child.name)} (1)`).join('\n')
      : '.BR vmeshctl (1)',
    '',
  ].join('\n')
}

function synopsis(node: CommandNode): string {
  const args = Object.values(node.arguments).map(({ value, optional, isRepeated }) => {
    const name = isRepeated === true ? `${value}...` : value
    return optional === true ? `[${name}]` : name
  })
  return [...(node.commands.length > 0 ? ['COMMAND'] : []), ...args, '[OPTIONS]'].join(' ')
}

function section(title: string, rows: readonly (readonly [string, string])[]): readonly string[] {
  if (rows.length === 0) return []
  return [`.SH ${title}`, ...rows.flatMap(([head, text]) => ['.TP', `.B ${escaped(head)}`, escaped(text)])]
}

function optionHead(key: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : `-${spec.short}, `
  if (spec.type === 'switch') return `${short}${flagOf(key)}`
  const isBare = spec.type === 'text' && spec.implied !== undefined
  return `${short}${flagOf(key)}${isBare ? `[=${spec.value}]` : `=${spec.value}`}`
}

function optionText(spec: OptionSpec): string {
  const facts = [
    ...(spec.type === 'text' && spec.choices !== undefined ? [`One of ${spec.choices.join(', ')}.`] : []),
    ...(spec.type === 'text' && spec.default !== undefined ? [`Default ${spec.default}.`] : []),
    ...(spec.type === 'text' && spec.required === true ? ['Needed.'] : []),
    ...(spec.type !== 'list' && spec.variable !== undefined ? [`Variable ${spec.variable}.`] : []),
  ]
  return [spec.doc, ...facts].join(' ')
}

function sentence(text: string): string {
  const first = `${text.charAt(0).toUpperCase()}${text.slice(1)}`
  return first === '' || first.endsWith('.') ? first : `${first}.`
}

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

/** A line must not begin with a control character; dashes stay dashes, also when copied. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replace(/^([.'])/gm, '\\&$1')
}
