/**
 * Runs the test files, two at a time, each in a process of its own, and counts their assertions from the TAP they
 * print. Prints a line per file, everything of a file that failed, and last `N passed, N failed`.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { Parser } from 'tap-parser'

const FILE_TIMEOUT_MS = 300_000
/** Files that load the machine or measure it run alone, after the others. */
const ALONE = ['test/e2e/']

interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
  readonly output: string
}

const named = process.argv.slice(2)
const files = (named.length > 0 ? named : globSync('test/**/*.test.ts')).sort()
const isAlone = (file: string): boolean => ALONE.some(prefix => file.startsWith(prefix))
let passed = 0
let failed = 0

await runAll(
  files.filter(file => !isAlone(file)),
  2,
)
await runAll(files.filter(isAlone), 1)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

async function runAll(queue: readonly string[], width: number): Promise<void> {
  const waiting = [...queue]
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) report(file, await run(file))
  }
  await Promise.all(Array.from({ length: width }, lane))
}

function report(file: string, outcome: Outcome & { readonly ms: number }): void {
  passed += outcome.passed
  failed += outcome.failed
  const state = outcome.failed > 0 ? 'FAIL' : 'ok  '
  console.log(`${state} ${file}  ${outcome.passed} passed, ${(outcome.ms / 1000).toFixed(1)} s`)
  for (const reason of outcome.skipped) console.log(`     skipped: ${reason}`)
  if (outcome.failed > 0) console.log(outcome.output)
}

function run(file: string): Promise<Outcome & { ms: number }> {
  const startedAt = performance.now()
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // in seconds; tap's own 30 are few for a loaded machine
      env: { ...process.env, TAP_TIMEOUT: '240' },
    })
    let output = ''
    let good = 0
    let bad = 0
    const skipped: string[] = []
    const parser = new Parser()
    const count = (p: Parser): void => {
      p.on('assert', assertion => {
        // the closing assertion of a subtest repeats its children's
        if (assertion.skip) skipped.push(`${assertion.name} ${assertion.skip === true ? '' : assertion.skip}`)
        else if (!assertion.ok) bad++
        else good++
      })
      p.on('child', count)
    }
    count(parser)
    const timer = setTimeout(() => {
      output += `\n${file}: no end after ${FILE_TIMEOUT_MS / 1000} s, killed\n`
      child.kill('SIGKILL')
    }, FILE_TIMEOUT_MS)
    child.stdout.on('data', chunk => {
      output += chunk
      parser.write(chunk)
    })
    child.stderr.on('data', chunk => {
      output += chunk
    })
    child.on('close', code => {
      clearTimeout(timer)
      parser.end()
      const crashed = code !== 0 && bad === 0 ? 1 : 0
      const silent = good + bad + skipped.length === 0 ? 1 : 0
      const ms = performance.now() - startedAt
      resolve({ passed: good, failed: bad + (crashed || silent), skipped, output, ms })
    })
  })
}
