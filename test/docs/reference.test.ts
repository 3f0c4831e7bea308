/** REFERENCE.md says what the code says. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'

t.test('REFERENCE.md is what scripts/reference.ts writes', async t => {
  const written = execFileSync(process.execPath, ['scripts/reference.ts', '--print'], {
    encoding: 'utf8',
    maxBuffer: 10_000_000,
  })
  t.ok(
    readFileSync('REFERENCE.md', 'utf8') === written,
    'it is up to date; otherwise run: node scripts/reference.ts',
  )
})
