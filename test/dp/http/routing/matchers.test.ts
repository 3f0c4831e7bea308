/** Which requests a match fits (kuma-semantics 3.8), on both forms of a head. */
import t from 'tap'
import type { RouteMatch } from '#contract/route.ts'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import { Matcher, parameterOf, pathOf } from '../../../../dp/http/routing/matchers.ts'
import { FIELDS_VIEW, TEXT_VIEW } from '../../../../dp/http/routing/request-view.ts'

type Fields = readonly (readonly [name: string, value: string])[]

function fits(match: RouteMatch, target: string, method: string, fields: Fields): boolean[] {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const text = `${method} ${target} HTTP/1.1\r\nHost: backend:80\r\n${lines}`
  const list = FieldList.of(
    [':method', method],
    [':scheme', 'http'],
    [':authority', 'backend:80'],
    [':path', target],
    ...fields.map(([name, value]): [string, string] => [name.toLowerCase(), value]),
  )
  const matcher = new Matcher(match)
  return [TEXT_VIEW.of(text), FIELDS_VIEW.of(list)].map(view => matcher.fits(pathOf(view.target), view))
}

const path = (type: 'exact' | 'prefix' | 'segments' | 'regex', value: string): RouteMatch => ({
  path: { type, value },
})
const CASES: readonly (readonly [boolean, RouteMatch, string, string?, Fields?])[] = [
  [true, {}, '/any'],
  [true, path('exact', '/a'), '/a?b=c'],
  [false, path('exact', '/a'), '/a/'],
  [false, path('exact', '/a'), '/A'],
  [true, path('segments', '/a'), '/a'],
  [true, path('segments', '/a'), '/a?x'],
  [true, path('segments', '/a'), '/a/b'],
  [false, path('segments', '/a'), '/ab'],
  [false, path('segments', '/a'), '//a'],
  [true, path('prefix', '/a'), '/ab'],
  [true, path('regex', '/a/[0-9]+'), '/a/12'],
  [false, path('regex', '/a/[0-9]+'), '/a/12/b'],
  [false, path('regex', '/a/[0-9]+'), '/x/a/12'],
  [true, { method: { type: 'exact', value: 'PUT' } }, '/', 'PUT'],
  [false, { method: { type: 'exact', value: 'PUT' } }, '/', 'GET'],
  [true, { method: { type: 'regex', value: 'GET|HEAD' } }, '/', 'HEAD'],
  [true, { headers: [{ type: 'exact', name: 'x-a', value: '1' }] }, '/', 'GET', [['X-A', '1']]],
  [false, { headers: [{ type: 'exact', name: 'x-a', value: '1' }] }, '/', 'GET', [['x-a', '12']]],
  [
    true,
    { headers: [{ type: 'exact', name: 'x-a', value: '1,2' }] },
    '/',
    'GET',
    [
      ['x-a', '1'],
      ['x-ab', '3'],
      ['X-a', '2'],
    ],
  ],
  [true, { headers: [{ type: 'prefix', name: 'x-a', value: 'b' }] }, '/', 'GET', [['x-a', 'bc']]],
  [true, { headers: [{ type: 'regex', name: 'x-a', value: 'b.d' }] }, '/', 'GET', [['x-a', 'bcd']]],
  [false, { headers: [{ type: 'regex', name: 'x-a', value: 'b.d' }] }, '/', 'GET', [['x-a', 'abcd']]],
  [true, { headers: [{ type: 'present', name: 'x-a' }] }, '/', 'GET', [['x-a', '']]],
  [false, { headers: [{ type: 'present', name: 'x-a' }] }, '/', 'GET', [['x-ab', '']]],
  [true, { headers: [{ type: 'absent', name: 'x-a' }] }, '/'],
  [false, { headers: [{ type: 'absent', name: 'x-a' }] }, '/', 'GET', [['x-a', '1']]],
  [true, { headers: [{ type: 'exact', name: 'host', value: 'backend:80' }] }, '/'],
  [true, { query: [{ type: 'exact', name: 'q', value: '1' }] }, '/?a=b&q=1'],
  [false, { query: [{ type: 'exact', name: 'q', value: '1' }] }, '/?Q=1'],
  [false, { query: [{ type: 'exact', name: 'q', value: 'a' }] }, '/?q=%61'],
  [false, { query: [{ type: 'exact', name: 'q', value: '2' }] }, '/?q=1&q=2'],
  [true, { query: [{ type: 'regex', name: 'q', value: '[ab]+' }] }, '/?q=abba'],
  [false, { ...path('segments', '/a'), method: { type: 'exact', value: 'PUT' } }, '/a', 'GET'],
]

t.test('fits what it says and nothing else', async t => {
  for (const [expected, match, target, method = 'GET', fields = []] of CASES) {
    const name = `${JSON.stringify(match)} ${method} ${target} ${JSON.stringify(fields)}`
    t.same(fits(match, target, method, fields), [expected, expected], name)
  }
})

t.test('of a parameter it takes the first, as it is written', async t => {
  for (const [target, expected] of [
    ['/', undefined],
    ['/?', undefined],
    ['/?q', ''],
    ['/?q=', ''],
    ['/?x=1&q=2&q=3', '2'],
    ['/?qq=1&q=a%20b', 'a%20b'],
    ['/?q=1=2', '1=2'],
    ['/q=1', undefined],
  ] as const)
    t.equal(parameterOf(target, 'q'), expected, target)
})

t.test('an expression that makes others hang is answered in time that grows with its text alone', async t => {
  const matcher = new Matcher(path('regex', '/(a+)+b'))
  const target = `/${'a'.repeat(50_000)}`
  t.equal(matcher.fits(target, TEXT_VIEW.of(`GET ${target} HTTP/1.1\r\n`)), false)
})
