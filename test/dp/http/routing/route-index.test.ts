/** The index of routes leaves out only what cannot fit: the first that fits is the one that a plain search finds. */
import fc from 'fast-check'
import t from 'tap'
import type { RouteMatch } from '#contract/route.ts'
import { Matcher } from '../../../../dp/http/routing/matchers.ts'
import { beginningOfPattern } from '../../../../dp/http/routing/regex.ts'
import { TEXT_VIEW } from '../../../../dp/http/routing/request-view.ts'
import { RouteIndex } from '../../../../dp/http/routing/route-index.ts'

const PATH = fc
  .array(fc.constantFrom('a', 'b', 'ab', '/', '/', '/a', '-'), { maxLength: 6 })
  .map(parts => `/${parts.join('')}`)
const PATTERN = fc
  .tuple(PATH, fc.constantFrom('', '.*', '?', '*', '+', '{0,1}', '|/b', '[ab]', '(/a)?'))
  .map(([path, rest]) => path + rest)
const MATCH: fc.Arbitrary<RouteMatch> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ method: { type: 'exact', value: 'GET' } } as const) },
  { weight: 1, arbitrary: fc.constant({ method: { type: 'exact', value: 'PUT' } } as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      path: fc.oneof(
        fc.record({ type: fc.constantFrom('exact', 'prefix', 'segments'), value: PATH }),
        fc.record({ type: fc.constant('regex' as const), value: PATTERN }),
      ),
    }),
  },
)

t.test('finds what a plain search finds', async () => {
  fc.assert(
    fc.property(fc.array(MATCH, { maxLength: 12 }), fc.array(PATH, { minLength: 1 }), (matches, paths) => {
      const routes = matches.map(match => ({ match, route: new Matcher(match) }))
      const index = new RouteIndex(routes)
      return paths.every(path => {
        const view = TEXT_VIEW.of(`GET ${path} HTTP/1.1\r\nHost: b\r\n`)
        const fits = (matcher: Matcher) => matcher.fits(path, view)
        return index.candidates(path).find(fits) === routes.map(({ route }) => route).find(fits)
      })
    }),
    { numRuns: 3000 },
  )
})

t.test('of many routes few are looked at', async t => {
  const matches = Array.from({ length: 200 }, (_, at): RouteMatch => {
    const types = ['exact', 'prefix', 'segments', 'regex'] as const
    const type = types[at % types.length] ?? 'exact'
    return { path: { type, value: `/api/v1/service-${at}/${type === 'regex' ? '[0-9]+' : ''}` } }
  })
  const index = new RouteIndex(matches.map((match, at) => ({ match, route: at })))
  for (let at = 0; at < 200; at++) {
    const candidates = index.candidates(`/api/v1/service-${at}/`)
    t.strictSame(candidates, [at])
  }
  t.strictSame(index.candidates('/api'), [])
})

t.test('how texts begin that fit a pattern', async t => {
  const table: [string, string][] = [
    ['', ''],
    ['/a/b', '/a/b'],
    ['/a/[0-9]+', '/a/'],
    ['/ab*', '/a'],
    ['/ab?c', '/a'],
    ['/ab{0}', '/a'],
    ['/ab+', '/ab'],
    ['/a\\.b', '/a'],
    ['/a|/b', ''],
    ['/(a|b)', ''],
    ['(?i)/a', ''],
    ['^/a', ''],
  ]
  for (const [pattern, beginning] of table) t.equal(beginningOfPattern(pattern), beginning, pattern)
})
