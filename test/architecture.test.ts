/**
 * Holds the house to its table: who may import whom, no cycles, one door per package, size and shape of files, and
 * the places where the process may be touched.
 */
import { globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join, normalize } from 'node:path'
import t from 'tap'
import { ASSEMBLIES, DOORS, FOLDERS, SIDE_WIDE } from './architecture.table.ts'

const MAX_LINES = 300
const MAX_FILES_A_FOLDER = 16

interface Source {
  readonly path: string
  readonly text: string
  /** Files of ours, as paths from the root. */
  readonly ours: readonly string[]
  /** Names of packages. */
  readonly packages: readonly string[]
}

const paths = globSync('{cp,dp,examples,scripts,test}/**/*.ts').map(path => path.replaceAll('\\', '/'))
const sources = paths.map(readSource)
const product = sources.filter(source => /^(cp|dp)\//.test(source.path))

t.test('imports go down the table only', async t => {
  for (const source of product) {
    if (ASSEMBLIES.includes(source.path)) continue
    const from = folderOf(source.path)
    const rule = FOLDERS.find(one => one.folder === from)
    if (SIDE_WIDE.includes(basename(source.path)) && dirname(source.path).length === 2) continue
    if (rule === undefined) {
      t.fail(`${source.path}: folder ${from} is not in test/architecture.table.ts; add it with its reason`)
      continue
    }
    const wrong = source.ours.filter(target => !mayImport(rule.mayImport, from, target))
    t.same(wrong, [], `${source.path} keeps to the table (${rule.because})`)
  }
})

t.test('there is no import cycle', async t => {
  const byPath = new Map(sources.map(source => [source.path, source]))
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      return
    }
    state.set(path, 'open')
    for (const target of byPath.get(path)?.ours ?? []) visit(target, [...trail, path])
    state.set(path, 'done')
  }
  for (const source of sources) visit(source.path, [])
  t.same(cycles, [])
})

t.test('each third-party package has one door', async t => {
  for (const source of sources) {
    for (const name of source.packages) {
      const door = DOORS[name]
      if (door === undefined)
        t.fail(`${source.path} imports ${name}, which has no door in architecture.table.ts`)
      else if (!isDoor(door.door, source.path))
        t.fail(`${source.path} imports ${name}; only ${door.door} may: ${door.because}`)
    }
  }
  t.ok(
    product.some(source => source.packages.length > 0),
    'packages were found at all',
  )
})

t.test('files are short, named for what they hold, and say what they are for', async t => {
  const perFolder = new Map<string, number>()
  for (const { path, text } of sources) {
    const lines = text.split('\n').length - 1
    if (!path.endsWith('.table.ts'))
      t.ok(lines <= MAX_LINES, `${path} has ${lines} lines, at most ${MAX_LINES}`)
    t.match(basename(path), /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|table|bench))?\.ts$/, `${path} is kebab-case`)
    t.notMatch(
      basename(path),
      /^(utils|helpers|common|misc|types|index)\.ts$/,
      `${path} is named for one idea`,
    )
    t.match(text, /^(#!.*\n)?\/\*\*/, `${path} opens with a doc comment`)
    if (/^(cp|dp)\//.test(path)) perFolder.set(dirname(path), (perFolder.get(dirname(path)) ?? 0) + 1)
  }
  for (const [folder, count] of perFolder) {
    t.ok(count <= MAX_FILES_A_FOLDER, `${folder} has ${count} files, at most ${MAX_FILES_A_FOLDER}`)
  }
})

t.test('only config files read the environment and only mains exit', async t => {
  for (const { path, text } of product) {
    const code = withoutComments(text)
    if (basename(path) !== 'config.ts')
      t.notMatch(code, /process\.env/, `${path} does not read the environment`)
    if (basename(path) !== 'main.ts') t.notMatch(code, /process\.exit\b(?!Code)/, `${path} does not exit`)
    t.notMatch(code, /\beval\(|new Function\(|shell: true/, `${path} evaluates no text`)
  }
})

t.test('no daemon loads the fetch of the runtime, which an import of node:http does', async t => {
  for (const { path, text } of product) {
    t.notMatch(text, /^import (?!type )[^']*'node:https?'/m, `${path} takes it from dp/base/http-server.ts`)
  }
})

t.test('the top level holds nothing but the fixed folders', async t => {
  const allowed = ['cp', 'dp', 'systemd', 'examples', 'scripts', 'test', 'node_modules', 'vmesh-data']
  const folders = globSync('*/').map(folder => folder.replace(/\/$/, ''))
  t.same(
    folders.filter(folder => !folder.startsWith('.') && !allowed.includes(folder)),
    [],
  )
})

t.test('ARCHITECTURE.md prints the import table as it is', async t => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8')
  for (const { folder, mayImport: allowed, because } of FOLDERS) {
    const cell = allowed.length === 0 ? '–' : allowed.map(name => `\`${name}\``).join(', ')
    t.ok(text.includes(`| \`${folder}\` | ${cell} | ${because} |`), `the row of ${folder}`)
  }
})

function readSource(path: string): Source {
  const text = readFileSync(path, 'utf8')
  const ours: string[] = []
  const packages: string[] = []
  const code = withoutComments(text)
  for (const match of code.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm)) {
    const name = match[1] ?? ''
    if (name.startsWith('.')) ours.push(normalize(join(dirname(path), name)))
    else if (name.startsWith('#base/')) ours.push(`dp/base/${name.slice(6)}`)
    else if (name.startsWith('#contract/')) ours.push(`dp/contract/${name.slice(10)}`)
    else if (!name.startsWith('node:') && !builtinModules.includes(name)) packages.push(packageOf(name))
  }
  return { path, text, ours, packages }
}

/** `cp/kinds/mesh/mesh.ts` → `cp/kinds`; files beside the assembly are their own folder (`cp`). */
function folderOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/')
}

function mayImport(allowed: readonly string[], from: string, target: string): boolean {
  const to = folderOf(target)
  if (to === from || to === 'dp/base' || allowed.includes(to)) return !ASSEMBLIES.includes(target)
  const side = from.slice(0, 2)
  return SIDE_WIDE.some(file => target === `${side}/${file}`)
}

function isDoor(door: string, path: string): boolean {
  return door.endsWith('/') ? path.startsWith(door) : path === door
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
