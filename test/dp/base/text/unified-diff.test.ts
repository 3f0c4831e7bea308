/** Unified diffs: what `patch` can apply, and what GNU diff would print for the same texts. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { unifiedDiff } from '#base/text/unified-diff.ts'

const NAMES = { from: 'a', to: 'b' }
const lines = (...all: readonly (string | number)[]): string => all.map(line => `${line}\n`).join('')

t.test('shows what is taken out and put in, with three lines around', async t => {
  t.equal(unifiedDiff('same\n', 'same\n', NAMES), '')
  t.equal(
    unifiedDiff(lines(1, 2, 3, 4, 5, 6, 7), lines(1, 2, 3, 4, 'x', 6, 7), NAMES),
    '--- a\n+++ b\n@@ -2,6 +2,6 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n',
  )
  t.equal(unifiedDiff('', 'new\n', NAMES), '--- a\n+++ b\n@@ -0,0 +1,1 @@\n+new\n')
  t.equal(unifiedDiff('old\n', '', NAMES), '--- a\n+++ b\n@@ -1,1 +0,0 @@\n-old\n')
})

t.test('makes one hunk of changes that are near, and several of others', async t => {
  const before = Array.from({ length: 40 }, (_, index) => `line ${index}`)
  const after = before.map((line, index) => ([3, 8, 30].includes(index) ? `${line}!` : line))
  const diff = unifiedDiff(lines(...before), lines(...after), NAMES)
  t.same(diff.match(/^@@.*@@$/gm), ['@@ -1,12 +1,12 @@', '@@ -28,7 +28,7 @@'])
})

t.test('is what patch takes, whatever changed', async t => {
  const before = lines('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l')
  for (const after of [
    lines('b', 'c', 'x', 'e', 'f', 'g', 'h', 'i', 'j', 'l', 'm'),
    lines('l', 'k', 'j', 'a', 'b'),
    lines('z', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'y'),
  ]) {
    const folder = t.testdir({ a: before })
    writeFileSync(join(folder, 'diff'), unifiedDiff(before, after, NAMES))
    const patched = spawnSync('patch', ['-o', '-', 'a', 'diff'], { cwd: folder, encoding: 'utf8' })
    if (patched.error === undefined) t.equal(patched.stdout, after)
  }
})
