/** Lifetimes as a Mesh writes them. */
import t from 'tap'
import { lifetimeOf, parseLifetime } from '../../../cp/ca/lifetime.ts'

const DAY_MS = 24 * 3_600_000

t.test('reads durations of one unit', async t => {
  const cases: readonly (readonly [string | undefined, number | null])[] = [
    ['1y', 365 * DAY_MS],
    ['2w', 14 * DAY_MS],
    ['30d', 30 * DAY_MS],
    ['5h', 5 * 3_600_000],
    ['90m', 90 * 60_000],
    ['45s', 45_000],
    ['1500ms', 1500],
    ['0', null],
    ['0s', null],
    ['1h30m', null],
    ['-1d', null],
    ['1 d', null],
    ['', null],
    [undefined, null],
  ]
  for (const [text, expected] of cases) t.equal(parseLifetime(text), expected, String(text))
})

t.test('a member lives as long as the enabled backend says, else 7 days', async t => {
  const backends = [
    { name: 'old', dpCert: { rotation: { expiration: '1h' } } },
    { name: 'new', dpCert: { rotation: { expiration: '2d' } } },
    { name: 'plain' },
  ]
  t.equal(lifetimeOf({ mtls: { enabledBackend: 'new', backends } }), 2 * DAY_MS)
  t.equal(lifetimeOf({ mtls: { enabledBackend: 'plain', backends } }), 7 * DAY_MS)
  t.equal(lifetimeOf({ mtls: { backends } }), 7 * DAY_MS)
  t.equal(lifetimeOf({}), 7 * DAY_MS)
})
