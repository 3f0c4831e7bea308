/**
 * Puts the figures of one benchmark into test/bench/results.md, in the place of its last ones: its name, the figures
 * and how they came about go in; day, commit, runtime and machine are added.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

const FILE = new URL('results.md', import.meta.url)

/** `name`: the section. `how`: of what the figures are medians, for instance. */
export function writeResults(
  name: string,
  how: string,
  figures: Readonly<Record<string, string>> | readonly (readonly string[])[],
  columns: readonly string[] = ['what', 'figure'],
): void {
  const commit = git('rev-parse', '--short', 'HEAD')
  const changes = git('status', '--porcelain', '--', 'cp', 'dp') === '' ? '' : ' and changes'
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`
  const cells = Array.isArray(figures) ? figures : Object.entries(figures)
  const rows = cells.map(row => `| ${row.join(' | ')} |`)
  const section = [
    `## ${name}`,
    '',
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}${changes}, Node ${process.version}, ${machine}; ${how}`,
    '',
    `| ${columns.join(' | ')} |`,
    `|${'---|'.repeat(columns.length)}`,
    ...rows,
    '',
  ].join('\n')
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '# Results of the benchmarks\n\n'
  const pattern = new RegExp(`## ${name}\\n[\\s\\S]*?(?=\\n## |$)`)
  const after = pattern.test(before) ? before.replace(pattern, section) : `${before.trimEnd()}\n\n${section}`
  writeFileSync(FILE, after)
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' }).trim()
}
