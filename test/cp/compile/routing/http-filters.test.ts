/** Promises of cp/compile/routing/http-filters.ts, seen in the compiled outbound of web-1 to api. */
import t from 'tap'
import type { Route } from '#contract/route.ts'
import { aPolicy, Compiled, meshOf, toService } from '../../../support/compiled.ts'
import { aDataplane } from '../../../support/resources.ts'

const BASE = ['api', 'api-next', 'audit'].map(service => aDataplane(`${service}-1`, { service }))

const path = (type: string, value: string) => ({ path: { type, value } })
const ANY = path('PathPrefix', '/')
const header = (section: string, value: object) => ({
  type: section.charAt(0).toUpperCase() + section.slice(1),
  [section]: value,
})

t.test('of several header modifiers the later wins for each name', async t => {
  const [route] = routesOf([
    {
      matches: [ANY],
      default: {
        filters: [
          header('requestHeaderModifier', {
            set: [
              { name: 'a', value: '1' },
              { name: 'host', value: 'h.example' },
            ],
            add: [{ name: 'b', value: 'x,y' }],
            remove: ['c'],
          }),
          header('requestHeaderModifier', { add: [{ name: 'a', value: '2' }], remove: ['b', 'D'] }),
          header('responseHeaderModifier', { set: [{ name: 's', value: 'v' }] }),
        ],
      },
    },
  ])
  t.same(route?.requestHeaders, { remove: ['c', 'b', 'd'], set: [], add: [{ name: 'a', value: '2' }] })
  t.same(route?.responseHeaders, { remove: [], set: [{ name: 's', value: 'v' }], add: [] })
  t.same(route?.rewrite, { host: { type: 'value', value: 'h.example' } }, 'to set host is to rewrite it')
})

t.test('rewrites of path and host', async t => {
  const filters = [
    { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/full' } } },
    { type: 'URLRewrite', urlRewrite: { hostname: 'a.example' } },
  ]
  t.same(routesOf([{ matches: [ANY], default: { filters } }])[0]?.rewrite, {
    path: { type: 'full', value: '/full' },
    host: { type: 'value', value: 'a.example' },
  })
  const prefix = {
    type: 'URLRewrite',
    urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } },
  }
  const [route] = routesOf([{ matches: [path('PathPrefix', '/old')], default: { filters: [prefix] } }])
  t.same(route?.rewrite, { path: { type: 'prefix', value: '/new' } })
})

t.test('a redirect needs no backend and does nothing for one', async t => {
  const filters = [
    { type: 'RequestRedirect', requestRedirect: { hostname: 'new.example', port: 8443, scheme: 'https' } },
    { type: 'URLRewrite', urlRewrite: { hostname: 'a.example' } },
    { type: 'RequestMirror', requestMirror: { backendRef: toService('audit') } },
  ]
  const compiled = compiledWith([
    { matches: [ANY], default: { filters, backendRefs: [toService('nobody')] } },
  ])
  t.same(compiled.outbound().routes, [
    {
      policy: 'MeshHTTPRoute/r',
      match: { path: { type: 'prefix', value: '/' } },
      redirect: { status: 302, scheme: 'https', hostname: 'new.example', port: 8443 },
      backends: [],
    },
  ])
  t.same(compiled.clusterNames(), ['cluster/api'])
})

t.test('each mirror gets its share; one to nobody is left out and harms nothing else', async t => {
  const mirror = (name: string, percentage?: number | string) => ({
    type: 'RequestMirror',
    requestMirror: { backendRef: toService(name), ...(percentage === undefined ? {} : { percentage }) },
  })
  const filters = [mirror('audit'), mirror('nobody', 5), mirror('api-next', '12.5')]
  const compiled = compiledWith([{ matches: [ANY], default: { filters } }])
  t.same(compiled.outbound().routes?.[0]?.mirrors, [
    { cluster: 'audit', percentage: 100 },
    { cluster: 'api-next', percentage: 12.5 },
  ])
  t.same(compiled.clusterNames(), ['cluster/api', 'cluster/api-next', 'cluster/audit'])
})

function compiledWith(rules: readonly object[]): Compiled {
  const route = aPolicy('MeshHTTPRoute', 'r', { to: [{ targetRef: toService('api'), rules }] })
  return new Compiled(meshOf([aDataplane('web-1', { calls: ['api'] }), ...BASE, route]), 'web-1')
}

function routesOf(rules: readonly object[]): readonly Route[] {
  return compiledWith(rules).outbound().routes ?? []
}
