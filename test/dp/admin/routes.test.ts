/** What `vmesh-dp status` says of routes. */
import t from 'tap'
import { routeLines } from '../../../dp/admin/routes.ts'
import { aRoute, startRouted } from '../../support/routed.ts'

t.test('routes as people read them, in the order in which they are tried', async t => {
  const { engine } = await startRouted(t, {
    routes: [
      aRoute('/api', 'one', {
        match: {
          method: { type: 'exact', value: 'GET' },
          path: { type: 'exact', value: '/api' },
          headers: [
            { type: 'prefix', name: 'x-user', value: 'u' },
            { type: 'present', name: 'x-a' },
            { type: 'absent', name: 'x-b' },
          ],
          query: [{ type: 'regex', name: 'q', value: '[0-9]+' }],
        },
      }),
      aRoute('/api', 'one', {
        backends: [
          { cluster: 'one', weight: 90 },
          { cluster: 'two', weight: 10 },
        ],
        mirrors: [{ cluster: 'two', percentage: 5 }],
      }),
      aRoute('/', 'one', { match: {}, redirect: { status: 301 }, backends: [] }),
    ],
    backends: [{ cluster: 'two', weight: 1 }],
    policy: 'MeshTCPRoute/rest',
  })
  const [outbound] = engine.status().outbounds
  t.strictSame(outbound === undefined ? [] : routeLines(outbound), [
    'GET /api x-user:u* x-a:* no x-b ?q=~[0-9]+ -> one  MeshHTTPRoute/test',
    '/api[/*] -> 90 one, 10 two, copies 5 % to two  MeshHTTPRoute/test',
    'all -> redirect 301  MeshHTTPRoute/test',
    'all else -> two  MeshTCPRoute/rest',
  ])
})

t.test('an outbound without routes says nothing of them', async t => {
  const { engine } = await startRouted(t, {})
  const [outbound] = engine.status().outbounds
  t.strictSame(outbound === undefined ? [] : routeLines(outbound), [])
})
