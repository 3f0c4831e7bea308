/** Promises about policies for the requests of a route: several may speak of the same one. */
import t from 'tap'
import type { OutboundListener } from '#contract/listener.ts'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { Compiled, meshOf } from '../../../support/compiled.ts'
import { aDataplane, resource } from '../../../support/resources.ts'

const route = { kind: 'MeshHTTPRoute', name: 'slow' }
const api = { kind: 'MeshService', name: 'api' }
const matches = [{ path: { type: 'PathPrefix', value: '/slow' } }]
const ofRoute = (conf: object) => ({ targetRef: route, to: [{ targetRef: { kind: 'Mesh' }, default: conf }] })

/** Of web, which calls api: with one route for it. */
function outboundUnder(policies: readonly Resource[]): OutboundListener {
  const mesh = meshOf([
    aDataplane('web-1', { service: 'web', calls: ['api'] }),
    aDataplane('api-1', { service: 'api', address: '192.168.0.2' }),
    resource('MeshHTTPRoute', 'default', 'slow', {
      to: [{ targetRef: api, rules: [{ matches, default: {} }] }],
    }),
    ...policies,
  ])
  return new Compiled(mesh, 'web-1').sections.get('listener/127.0.0.1:10001') as OutboundListener
}

t.test('a MeshTimeout and a MeshRetry for the same route both act', async t => {
  const listener = outboundUnder([
    resource('MeshTimeout', 'default', 'patient', ofRoute({ http: { requestTimeout: '60s' } })),
    resource('MeshRetry', 'default', 'stubborn', ofRoute({ http: { numRetries: 3 } })),
  ])
  t.match(listener.routes, [
    {
      timeouts: { policy: 'MeshTimeout/patient', requestMs: 60_000 },
      retry: { policy: 'MeshRetry/stubborn', retries: 3 },
    },
  ])
})

t.test(
  'an item for the route goes before one for its service, and leaves the others what it does not say',
  async t => {
    const item = (targetRef: object, conf: object) => ({ targetRef, default: conf })
    const to = [
      item(route, { http: { requestTimeout: '60s' } }),
      item(api, { http: { requestTimeout: '2s', streamIdleTimeout: '9s' } }),
    ]
    const listener = outboundUnder([
      resource('MeshTimeout', 'default', 'a', { to }),
      resource('MeshRetry', 'default', 'r', { to: [item(route, { http: { numRetries: 3 } })] }),
    ])
    t.match(listener.timeouts, { policy: 'MeshTimeout/a', requestMs: 2_000 }, 'other requests')
    t.equal(listener.retry, undefined)
    t.match(listener.routes, [
      {
        timeouts: { policy: 'MeshTimeout/a', requestMs: 60_000, streamIdleMs: 9_000 },
        retry: { policy: 'MeshRetry/r', retries: 3 },
      },
    ])
  },
)

t.test('a route that is not there is no route', async t => {
  const to = [{ targetRef: { ...route, name: 'none' }, default: { http: { requestTimeout: '60s' } } }]
  const listener = outboundUnder([resource('MeshTimeout', 'default', 'a', { to })])
  t.match(listener.routes, [{ timeouts: undefined }])
  t.equal(listener.timeouts, undefined)
})
