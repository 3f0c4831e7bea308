/** `vmeshctl explain`: the documentation of a kind or a field, from the schema that checks it. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { didYouMean } from '#base/text/nearest.ts'
import { type FieldRow, fieldsOf } from '../../kinds/describe.ts'
import type { Kind } from '../../kinds/kind.ts'
import { failed } from '../errors.ts'
import { table } from '../output.ts'
import { kindNamed } from '../resources.ts'
import { TARGET_OPTIONS } from '../target.ts'
import type { World } from '../world.ts'

export function explainCommand(world: World): CommandNode {
  return command({
    name: 'explain',
    doc: 'show the documentation of a kind or a field',
    arguments: {
      what: {
        value: 'KIND[.FIELD]',
        doc: 'such as mesh, dataplane.networking.inbound; without it all kinds are listed',
        optional: true,
      },
    },
    options: TARGET_OPTIONS,
    notes: 'List items and keys of maps are left out of paths: meshtimeout.to.default.http',
    run: async ({ args }) => {
      if (args.what === undefined) {
        world.out(await kindsText())
        return EXIT.ok
      }
      const [word = '', ...path] = stepsOf(args.what)
      const kind = await kindNamed(word).load()
      world.out(path.length === 0 ? kindText(kind) : fieldText(kind, path))
      return EXIT.ok
    },
  })
}

/** `inbound[0].tags["a/b"]` → `inbound`, `tags`: what is between brackets chooses an item, not a field. */
function stepsOf(text: string): readonly string[] {
  return text
    .replace(/\[("(\\.|[^"\\])*"|[^\]]*)\]/g, '')
    .split('.')
    .filter(step => step !== '')
}

const META: readonly FieldRow[] = [
  { path: 'type', type: 'text', doc: { description: 'Which kind it is.', required: true } },
  { path: 'mesh', type: 'text', doc: { description: 'Name of the mesh it is in.', required: true } },
  {
    path: 'name',
    type: 'text',
    doc: { description: 'Name of the resource.', required: true, rule: 'lower case, digits, - and .' },
  },
  {
    path: 'labels',
    type: 'map to text',
    doc: { description: 'Labels, for people and for policies; those of kuma.io/ are added.' },
  },
]

function rowsOf(kind: Kind): readonly FieldRow[] {
  const meta = kind.scope === 'Mesh' ? META : META.filter(row => row.path !== 'mesh')
  const spec: FieldRow = {
    path: 'spec',
    type: 'object',
    doc: { description: 'What it says.', required: true },
  }
  return [...meta, ...(kind.encoding === 'spec' ? [spec] : []), ...fieldsOf(kind)]
}

/** Every kind with the words that it is typed with. */
async function kindsText(): Promise<string> {
  const { kinds } = await import('../../kinds/registry.ts')
  const rows = kinds.map(kind => [
    kind.type,
    wordsOf(kind).join(', '),
    kind.scope === 'Mesh' ? 'in a mesh' : 'global',
    kind.notEnforced === null ? '' : 'not enforced yet',
  ])
  return table(['KIND', 'WORDS', 'SCOPE', 'NOTES'], rows)
}

function wordsOf(kind: Kind): readonly string[] {
  return [kind.singular, kind.plural, ...(kind.shortName === '' ? [] : [kind.shortName])]
}

function kindText(kind: Kind): string {
  const path = kind.scope === 'Mesh' ? `/meshes/MESH/${kind.path}/NAME` : `/${kind.path}/NAME`
  return [
    `KIND       ${kind.type}`,
    `WORDS      ${wordsOf(kind).join(', ')}`,
    `API        ${path}${kind.readOnly ? ' (read only)' : ''}`,
    `SCOPE      ${kind.scope === 'Mesh' ? 'in a mesh' : 'global'}${kind.adminOnly ? '; for admins only' : ''}`,
    ...(kind.notEnforced === null ? [] : [`ENFORCED   not yet: ${kind.notEnforced.message}`]),
    '',
    kind.doc,
    '',
    'FIELDS',
    listing(rowsOf(kind), 0),
  ].join('\n')
}

function fieldText(kind: Kind, steps: readonly string[]): string {
  const rows = rowsOf(kind)
  const found = rowAt(kind, rows, steps)
  const below = rows.filter(row => row !== found && isBelow(row.path, found.path))
  const { doc } = found
  return [
    `KIND       ${kind.type}`,
    `FIELD      ${found.path}`,
    `TYPE       ${found.type.replaceAll('`', '')}`,
    ...(doc.required === true ? ['REQUIRED   yes'] : []),
    ...(doc.default === undefined ? [] : [`DEFAULT    ${doc.default}`]),
    ...(doc.unit === undefined ? [] : [`UNIT       ${doc.unit}`]),
    ...(doc.rule === undefined ? [] : [`RULE       ${doc.rule}`]),
    ...(doc.unenforced === undefined ? [] : [`ENFORCED   ${notEnforcedText(doc.unenforced)}`]),
    '',
    doc.description,
    ...(below.length === 0 ? [''] : ['', 'FIELDS', listing(below, depthOf(found.path) + 1)]),
  ].join('\n')
}

/** Throws `cli.failed` with the fields that are there. */
function rowAt(kind: Kind, rows: readonly FieldRow[], steps: readonly string[]): FieldRow {
  const find = (path: readonly string[]): FieldRow | undefined =>
    rows.find(row => plain(row.path).toLowerCase() === path.join('.').toLowerCase())
  const found = find(steps) ?? find(['spec', ...steps])
  if (found !== undefined) return found
  let parent: readonly string[] = kind.encoding === 'spec' && steps[0] !== 'spec' ? ['spec'] : []
  for (const step of steps) {
    if (find([...parent, step]) !== undefined) {
      parent = [...parent, step]
      continue
    }
    const prefix = parent.join('.')
    const names = rows
      .map(row => plain(row.path))
      .filter(path => path.startsWith(prefix === '' ? '' : `${prefix}.`))
      .map(path => path.slice(prefix === '' ? 0 : prefix.length + 1))
      .filter(path => path !== '' && !path.includes('.'))
    const where = prefix === '' ? kind.type : `${kind.type}.${prefix}`
    const hint =
      didYouMean(step, names) ||
      (names.length === 0 ? '; it has no fields' : `; there are ${names.join(', ')}`)
    throw failed(`${where} has no field ${JSON.stringify(step)}${hint}`)
  }
  throw failed(`${kind.type} has no field ${steps.join('.')}`)
}

function plain(path: string): string {
  return path.replaceAll('[]', '').replaceAll('["*"]', '')
}

function isBelow(path: string, parent: string): boolean {
  return plain(path).startsWith(`${plain(parent)}.`)
}

function depthOf(path: string): number {
  return plain(path).split('.').length - 1
}

/** Nested by indentation: name, type, what has to be known, then the text. */
function listing(rows: readonly FieldRow[], base: number): string {
  return rows
    .map(({ path, type, doc }) => {
      const indent = '  '.repeat(depthOf(path) - base + 1)
      const name = plain(path).split('.').at(-1) ?? path
      const facts = [
        type.replaceAll('`', ''),
        ...(doc.required === true ? ['required'] : []),
        ...(doc.default === undefined ? [] : [`default ${doc.default}`]),
        ...(doc.unit === undefined ? [] : [doc.unit]),
        ...(doc.rule === undefined ? [] : [doc.rule]),
      ]
      const note = doc.unenforced === undefined ? '' : ` Not enforced ${notEnforcedText(doc.unenforced)}.`
      return `${indent}${name} <${facts.join('; ')}>\n${indent}    ${doc.description}${note}\n`
    })
    .join('')
}

function notEnforcedText({ message, values }: { message: string; values?: readonly unknown[] }): string {
  return values === undefined ? `yet: ${message}` : `yet (${values.map(String).join(', ')}): ${message}`
}
