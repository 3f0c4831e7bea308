/** Promises of `vmeshctl inspect dataplane --why`: one line for each value, with who set it. */
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startFakeApi()
t.teardown(() => api.close())
let answer: unknown
api.override = ({ url }) => {
  const { pathname } = new URL(url, api.url)
  return pathname === '/meshes/default/dataplanes/web-1/_why' ? { status: 200, body: answer } : undefined
}
const run = (...argv: string[]) =>
  runVmeshctl(['inspect', ...argv, '--address', api.url], { home: '/nowhere' })

t.test('inspect dataplane --why: who set what', async t => {
  const value = (path: string, value: unknown, policy: string, ruleIndex?: number): object => ({
    path,
    value,
    policy,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
  })
  const body = {
    proxy: [{ type: 'MeshTrace', isEnforced: false, values: [value('backends', [], 't')] }],
    inbounds: [
      {
        inbound: { port: 8080 },
        policies: [
          {
            type: 'MeshTrafficPermission',
            isEnforced: true,
            clients: { 'kuma.io/service': 'web', v: '1' },
            values: [value('action', 'Allow', 'p', 1)],
          },
          {
            type: 'MeshTrafficPermission',
            isEnforced: true,
            clients: {},
            values: [value('action', 'Deny', 'p', 0)],
          },
          {
            type: 'MeshTLS',
            isEnforced: false,
            match: { sni: 'x' },
            values: [value('mode', 'Strict', 'q', 0)],
          },
        ],
      },
    ],
    outbounds: [
      {
        outbound: { address: '127.0.0.1', port: 10_001, service: 'db' },
        policies: [
          { type: 'MeshRetry', isEnforced: true, values: [value('tcp.maxConnectAttempt', 5, 'r', 0)] },
        ],
      },
    ],
    destinations: [
      {
        service: 'canary',
        policies: [{ type: 'MeshRetry', isEnforced: true, values: [value('tcp', {}, 'r', 0)] }],
      },
    ],
  }
  answer = body
  const { out } = await run('dataplane', 'web-1', '--why')
  t.equal(
    out,
    `PART                           FOR                       POLICY TYPE                    FIELD                   VALUE    SET BY
dataplane                      -                         MeshTrace (not enforced yet)   backends                []       t
inbound 8080                   kuma.io/service=web,v=1   MeshTrafficPermission          action                  Allow    p[1]
inbound 8080                   all clients               MeshTrafficPermission          action                  Deny     p[0]
inbound 8080                   {"sni":"x"}               MeshTLS (not enforced yet)     mode                    Strict   q[0]
outbound 127.0.0.1:10001(db)   -                         MeshRetry                      tcp.maxConnectAttempt   5        r[0]
service canary                 -                         MeshRetry                      tcp                     {}       r[0]
`,
  )
  t.same(JSON.parse((await run('dataplane', 'web-1', '--why', '-o', 'json')).out), body)
  answer = {}
  t.match((await run('dataplane', 'web-1', '--why')).out, /^No policy says anything/)
})
