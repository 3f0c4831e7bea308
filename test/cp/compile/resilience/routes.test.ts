/** Promises about policies for the requests of a route: several may speak of the same one. */
import t from 'tap'
import type { OutboundListener } from '#contract/listener.ts'
import { Compiled, meshOf } from '../../../support/compiled.ts'
import { aDataplane, resource } from '../../../support/resources.ts'

const route = { kind: 'MeshHTTPRoute', name: 'slow' }
const api = { kind: 'MeshService', name: 'api' }
const matches = [{ path: { type: 'PathPrefix', value: '/slow' } }]
const ofRoute = (conf: object) => ({ targetRef: route, to: [{ targetRef: { kind: 'Mesh' }, default: conf }] })

t.test('a MeshTimeout and a MeshRetry for the same route both act', async t => {
  const mesh = meshOf([
    aDataplane('web-1', { service: 'web', calls: ['api'] }),
    aDataplane('api-1', { service: 'api', address: '192.168.0.2' }),
    resource('MeshHTTPRoute', 'default', 'slow', {
      to: [{ targetRef: api, rules: [{ matches, default: {} }] }],
    }),
    resource('MeshTimeout', 'default', 'patient', ofRoute({ http: { requestTimeout: '60s' } })),
    resource('MeshRetry', 'default', 'stubborn', ofRoute({ http: { numRetries: 3 } })),
  ])
  const listener = new Compiled(mesh, 'web-1').sections.get('listener/127.0.0.1:10001') as OutboundListener
  t.match(listener.routes, [
    {
      timeouts: { policy: 'MeshTimeout/patient', requestMs: 60_000 },
      retry: { policy: 'MeshRetry/stubborn', retries: 3 },
    },
  ])
})
