/** The three programs as processes: --version, and standard output that cannot be written. */
import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import t from 'tap'

const PROGRAMS = { vmeshctl: 'cp/cli/main.ts', 'vmesh-cp': 'cp/main.ts', 'vmesh-dp': 'dp/main.ts' } as const
const FULL = openSync('/dev/full', 'w')
/** Does not answer, and `version` of vmeshctl is content with that. */
const env = { VMESHCTL_ADDRESS: 'http://127.0.0.1:1' }

for (const [name, main] of Object.entries(PROGRAMS)) {
  const run = (argv: readonly string[], stdout: 'pipe' | number = 'pipe', stderr: 'pipe' | number = 'pipe') =>
    spawnSync(process.execPath, [main, ...argv], { stdio: ['ignore', stdout, stderr], encoding: 'utf8', env })

  t.test(`${name} takes --version and -v for version`, async t => {
    for (const flag of ['--version', '-v'])
      t.match(run([flag]), { stdout: new RegExp(`${name} \\d`), status: 0 }, flag)
  })

  t.test(`${name} says why standard output cannot be written, and fails`, async t => {
    t.match(run(['version'], FULL), {
      status: 1,
      stderr: `${name}: cannot write to standard output: ENOSPC: no space left on device, write\n`,
    })
  })

  t.test(`${name} works where standard error cannot be written`, async t => {
    t.match(run(['nope'], 'pipe', FULL), { status: 64 })
  })
}
