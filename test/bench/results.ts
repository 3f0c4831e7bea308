/** Puts the figures of one benchmark into test/bench/results.md, in the place of its last ones. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const FILE = new URL('results.md', import.meta.url)

/** `name`: the section. `machine`: what it ran on. */
export function writeResults(name: string, machine: string, figures: Readonly<Record<string, string>>): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const rows = Object.entries(figures).map(([what, figure]) => `| ${what} | ${figure} |`)
  const section = [
    `## ${name}`,
    '',
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}, Node ${process.version}, ${machine}`,
    '',
    '| what | figure |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n')
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '# Results of the benchmarks\n\n'
  const pattern = new RegExp(`## ${name}\\n[\\s\\S]*?(?=\\n## |$)`)
  const after = pattern.test(before) ? before.replace(pattern, section) : `${before.trimEnd()}\n\n${section}`
  writeFileSync(FILE, after)
}
