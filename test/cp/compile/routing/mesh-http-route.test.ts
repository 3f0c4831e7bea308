/** Promises of cp/compile/routing/mesh-http-route.ts, seen in the compiled outbound of web-1 to api. */
import t from 'tap'
import type { Route } from '#contract/route.ts'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { destinationName } from '../../../../cp/match/destination-name.ts'
import { sectionOf } from '../../../../cp/snapshot/sections.ts'
import { aPolicy, Compiled, meshOf, toService } from '../../../support/compiled.ts'
import { aDataplane, resource } from '../../../support/resources.ts'

const web = aDataplane('web-1', { service: 'web', calls: ['api'], tags: { version: 'v1' } })
const others = ['api', 'api-next', 'audit'].map(service => aDataplane(`${service}-1`, { service }))
const raw = aDataplane('raw-1', { service: 'raw', protocol: 'tcp' })
const BASE = [web, raw, ...others]

const path = (type: string, value: string) => ({ path: { type, value } })
const ANY = path('PathPrefix', '/')
const NEXT = [{ kind: 'MeshService', name: 'api-next' }]
const header = (section: string, value: object) => ({
  type: section.charAt(0).toUpperCase() + section.slice(1),
  [section]: value,
})

t.test('each match of a rule is a route to the backends of the rule', async t => {
  const rule = {
    matches: [path('PathPrefix', '/api'), { ...path('Exact', '/x'), method: 'GET' }],
    default: { backendRefs: [{ kind: 'MeshService', name: 'api', weight: 9 }, ...NEXT] },
  }
  const backends = [
    { cluster: 'api', weight: 9 },
    { cluster: 'api-next', weight: 1 },
  ]
  const compiled = compiledWith(aRoute('r', [rule]))
  t.same(compiled.outbound(), {
    direction: 'outbound',
    address: '127.0.0.1',
    port: 10_001,
    protocol: 'http',
    cluster: 'api',
    routes: [
      {
        policy: 'MeshHTTPRoute/r',
        match: { path: { type: 'exact', value: '/x' }, method: { type: 'exact', value: 'GET' } },
        backends,
      },
      { policy: 'MeshHTTPRoute/r', match: { path: { type: 'segments', value: '/api' } }, backends },
    ],
  })
  t.same(compiled.clusterNames(), ['cluster/api', 'cluster/api-next'])
})

t.test('every way to match', async t => {
  const match = {
    path: { type: 'RegularExpression', value: '/a.*' },
    method: 'POST',
    headers: [
      { name: 'a', value: '1' },
      { type: 'Exact', name: 'b', value: '' },
      { type: 'Prefix', name: 'c', value: 'x' },
      { type: 'RegularExpression', name: 'd', value: 'y+' },
      { type: 'Present', name: 'e' },
      { type: 'Absent', name: 'f' },
    ],
    queryParams: [
      { type: 'Exact', name: 'Q', value: '1' },
      { type: 'RegularExpression', name: 'r', value: '.' },
    ],
  }
  t.same(routesOf([{ matches: [match], default: {} }])[0]?.match, {
    path: { type: 'regex', value: '/a.*' },
    method: { type: 'exact', value: 'POST' },
    headers: [
      { type: 'exact', name: 'a', value: '1' },
      { type: 'exact', name: 'b', value: '' },
      { type: 'prefix', name: 'c', value: 'x' },
      { type: 'regex', name: 'd', value: 'y+' },
      { type: 'present', name: 'e' },
      { type: 'absent', name: 'f' },
    ],
    query: [
      { name: 'Q', type: 'exact', value: '1' },
      { name: 'r', type: 'regex', value: '.' },
    ],
  })
  t.same(
    routesOf([{ matches: [ANY, {}], default: {} }]).map(({ match }) => match),
    [{ path: { type: 'prefix', value: '/' } }, {}],
  )
})

t.test('the more specific match is tried first, of equal ones the first', async t => {
  const expected = [
    { ...path('Exact', '/a/b'), method: 'GET' },
    path('Exact', '/a/b'),
    path('Exact', '/a'),
    path('PathPrefix', '/a/b'),
    { ...path('PathPrefix', '/a'), headers: [{ name: 'h', value: '1' }] },
    path('PathPrefix', '/a'),
    path('PathPrefix', '/b'),
    ANY,
    path('RegularExpression', '/a/b/c/d/e'),
    path('RegularExpression', '/a'),
    { method: 'GET' },
    {
      headers: [
        { name: 'h', value: '1' },
        { name: 'i', value: '1' },
      ],
    },
    { headers: [{ name: 'h', value: '1' }] },
    { queryParams: [{ type: 'Exact', name: 'q', value: '1' }] },
    {},
  ]
  const inOrder = routesOf(expected.map(match => ({ matches: [match], default: {} })))
  const shuffled = [14, 13, 12, 11, 10, 9, 8, 7, 5, 6, 4, 3, 2, 1, 0].flatMap(i => expected[i] ?? [])
  const result = routesOf(shuffled.map(match => ({ matches: [match], default: {} })))
  t.same(
    result.map(({ match }) => match),
    inOrder.map(({ match }) => match),
  )
  t.equal(inOrder[0]?.match.method?.value, 'GET')
  t.same(inOrder.at(-1)?.match, {})
})

t.test('backends: what gets nothing is left out, and a rule without any', async t => {
  const cases: readonly (readonly [
    refs: readonly object[] | undefined,
    expected: readonly string[] | null,
  ])[] = [
    [undefined, ['api 1']],
    [[], ['api 1']],
    [
      [
        { kind: 'MeshService', name: 'api', weight: 1 },
        { ...NEXT[0], weight: 0 },
      ],
      ['api 1'],
    ],
    [[{ ...NEXT[0], weight: 0 }], null],
    [[toService('nobody')], null],
    [[toService('nobody'), ...NEXT], ['api-next 1']],
    // a rule of HTTP does not lead to a service of bytes
    [[toService('raw')], null],
    [[{ kind: 'MeshService', name: 'api', port: 8080 }], null],
    [[{ kind: 'MeshService', labels: { a: 'b' } }], null],
    [[{ kind: 'MeshExternalService', name: 'api' }], null],
  ]
  for (const [backendRefs, expected] of cases) {
    const routes = routesOf([{ matches: [ANY], default: { backendRefs } }])
    const shown = routes.map(({ backends }) => backends.map(({ cluster, weight }) => `${cluster} ${weight}`))
    t.same(shown, expected === null ? [] : [expected], JSON.stringify(backendRefs))
  }
})

t.test('a subset is a cluster by tags, also without endpoints', async t => {
  const subset = { kind: 'MeshServiceSubset', name: 'api', tags: { version: 'v9' } }
  const compiled = compiledWith(aRoute('r', [{ matches: [ANY], default: { backendRefs: [subset] } }]))
  const name = destinationName({ 'kuma.io/service': 'api', version: 'v9' })
  t.same(compiled.outbound().routes?.[0]?.backends, [{ cluster: name, weight: 1 }])
  t.same(compiled.cluster(name)?.endpoints, [])
})

t.test('an outbound with tags keeps its subset where a rule names no backend', async t => {
  const subset = aDataplane('web-1', { calls: [{ 'kuma.io/service': 'api', version: 'v1' }] })
  const view = meshOf([subset, ...others, aRoute('r', [{ matches: [ANY], default: {} }])])
  const listener = new Compiled(view, 'web-1').outbound()
  t.same(listener.routes?.[0]?.backends, [{ cluster: listener.cluster, weight: 1 }])
})

t.test('rules of several policies are merged by their matches and name the strongest', async t => {
  const wide = aRoute('wide', [
    { matches: [path('Exact', '/a')], default: { backendRefs: NEXT } },
    {
      matches: [path('Exact', '/bb')],
      default: { filters: [header('responseHeaderModifier', { remove: ['x'] })] },
    },
  ])
  const narrow = aRoute('narrow', [{ matches: [path('Exact', '/bb')], default: { backendRefs: NEXT } }], {
    kind: 'MeshService',
    name: 'web',
  })
  const shown = compiledWith(wide, narrow)
    .outbound()
    .routes?.map(({ policy, match, responseHeaders }) => [
      policy,
      match.path?.value,
      responseHeaders !== undefined,
    ])
  t.same(shown, [
    ['MeshHTTPRoute/narrow', '/bb', true],
    ['MeshHTTPRoute/wide', '/a', false],
  ])
})

t.test(
  'only outbounds of HTTP to the named service, of data planes that are selected, have routes',
  async t => {
    const route = aRoute('r', [{ matches: [ANY], default: {} }], {
      kind: 'MeshSubset',
      tags: { version: 'v1' },
    })
    const both = aDataplane('both-1', { calls: ['api', 'audit'], tags: { version: 'v1' } })
    const neither = aDataplane('other-1', { calls: ['api'] })
    const view = meshOf([both, neither, ...others, route])
    t.equal(new Compiled(view, 'both-1').outbound(10_001).routes?.length, 1)
    t.notOk('routes' in new Compiled(view, 'both-1').outbound(10_002))
    t.notOk('routes' in new Compiled(view, 'other-1').outbound())
    const bytes = aDataplane('web-1', { calls: ['raw'] })
    const toRaw = aPolicy('MeshHTTPRoute', 'r', {
      to: [{ targetRef: toService('raw'), rules: [{ matches: [ANY], default: {} }] }],
    })
    t.notOk('routes' in new Compiled(meshOf([bytes, raw, toRaw]), 'web-1').outbound())
  },
)

t.test('data planes with the same outbound share one section, whatever else selects them', async t => {
  const job = aDataplane('job-1', { calls: ['api'] })
  const elsewhere = aPolicy(
    'MeshHTTPRoute',
    'elsewhere',
    { to: [{ targetRef: toService('audit'), rules: [] }] },
    { kind: 'Mesh' },
  )
  const view = meshOf([
    ...BASE,
    job,
    elsewhere,
    aRoute('r', [{ matches: [ANY], default: { backendRefs: NEXT } }]),
  ])
  const [ofWeb, ofJob] = [new Compiled(view, 'web-1').outbound(), new Compiled(view, 'job-1').outbound()]
  t.equal(ofWeb, ofJob)
  t.equal(sectionOf(ofWeb), sectionOf(ofJob))
})

t.test('a backend that comes and goes moves its share', async t => {
  const view = meshOf([
    web,
    ...others.slice(0, 1),
    aRoute('r', [{ matches: [ANY], default: { backendRefs: NEXT } }]),
  ])
  const count = () => new Compiled(view, 'web-1').outbound().routes?.length ?? 0
  t.equal(count(), 0)
  const next = aDataplane('next-1', { service: 'api-next' })
  view.change(next, next)
  t.equal(count(), 1)
  view.change(next, null)
  t.equal(count(), 0)
})

function aRoute(name: string, rules: readonly object[], targetRef?: object): Resource {
  const spec = { to: [{ targetRef: toService('api'), rules }] }
  return resource('MeshHTTPRoute', 'default', name, targetRef === undefined ? spec : { targetRef, ...spec })
}

function compiledWith(...policies: readonly Resource[]): Compiled {
  return new Compiled(meshOf([...BASE, ...policies]), 'web-1')
}

function routesOf(rules: readonly object[]): readonly Route[] {
  return compiledWith(aRoute('r', rules)).outbound().routes ?? []
}
