/** Durations and sizes, against what Go prints and accepts. */
import t from 'tap'
import {
  byteSize,
  formatByteSize,
  formatGoDuration,
  formatProtobufDuration,
  goDurationMs,
  meshDurationMs,
  readGoDuration,
} from '#base/duration.ts'

t.test('reads Go durations and prints them as Go and as protobuf do', async t => {
  const cases = [
    ['1h', '1h0m0s', '3600s'],
    ['90s', '1m30s', '90s'],
    ['1h30m', '1h30m0s', '5400s'],
    ['500ms', '500ms', '0.500s'],
    ['1.5s', '1.5s', '1.500s'],
    ['1500us', '1.5ms', '0.001500s'],
    ['1µs', '1µs', '0.000001s'],
    ['7ns', '7ns', '0.000000007s'],
    ['.5s', '500ms', '0.500s'],
    ['1.s', '1s', '1s'],
    ['-1m', '-1m0s', '-60s'],
    ['+2s', '2s', '2s'],
    ['0', '0s', '0s'],
    ['24h', '24h0m0s', '86400s'],
    ['87600h', '87600h0m0s', '315360000s'],
  ] as const
  for (const [text, go, protobuf] of cases) {
    const read = readGoDuration(text)
    t.ok(read.ok, text)
    if (!read.ok) continue
    t.equal(formatGoDuration(read.ns), go, `${text} as Go prints it`)
    t.equal(formatProtobufDuration(read.ns), protobuf, `${text} as protobuf prints it`)
    t.same(readGoDuration(go), read, `${go} means the same`)
  }
})

t.test("refuses what Go refuses, in Go's words", async t => {
  const cases = [
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['1h2x', 'time: unknown unit "x" in duration "1h2x"'],
    ['', 'time: invalid duration ""'],
    ['.s', 'time: invalid duration ".s"'],
    ['s', 'time: invalid duration "s"'],
    ['10', 'time: missing unit in duration "10"'],
    ['9999999h', 'time: invalid duration "9999999h"'],
  ] as const
  for (const [text, message] of cases) t.same(readGoDuration(text), { ok: false, message })
  t.equal(goDurationMs('1m'), 60_000)
  t.equal(goDurationMs('1500us'), 1.5)
  t.equal(goDurationMs('soon'), null)
})

t.test('reads durations of meshes: one number and one unit', async t => {
  const dayMs = 86_400_000
  const cases = [
    ['1d', dayMs],
    ['2w', 14 * dayMs],
    ['10y', 3650 * dayMs],
    ['3h', 10_800_000],
    ['5m', 300_000],
    ['7s', 7000],
    ['9ms', 9],
    ['0', 0],
    ['1h30m', null],
    ['1.5d', null],
    ['-1d', null],
    ['d', null],
    ['', null],
  ] as const
  for (const [text, ms] of cases) t.equal(meshDurationMs(text), ms, text)
})

t.test('reads and prints sizes', async t => {
  const cases = [
    ['100', 100],
    ['16MiB', 16 * 1024 ** 2],
    ['64k', 64_000],
    ['1.5GB', 1_500_000_000],
    ['2 Ki', 2048],
    ['1 parsec', null],
    ['-1k', null],
    ['', null],
  ] as const
  for (const [text, bytes] of cases) t.equal(byteSize(text), bytes, text)
  t.equal(formatByteSize(16 * 1024 ** 2), '16MiB')
  t.equal(formatByteSize(1536), '1536B')
  t.equal(formatByteSize(2048), '2KiB')
})
