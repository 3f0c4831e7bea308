/** Each call that the mesh refuses or that fails in it is in the log: with its reason, who decided, and how often. */
import t from 'tap'
import { createLogger } from '#base/log.ts'
import { startPair } from '../../support/engine-pair.ts'
import { httpResponder, ok, rawClient } from '../../support/raw-sockets.ts'
import { aRule } from '../../support/snapshots.ts'

type Line = Readonly<Record<string, unknown>>

/** What is logged. */
function capturing() {
  const lines: Line[] = []
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line)
  return { lines, log: createLogger({ level: 'info', name: 'test', to: { write } }) }
}

const get = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'

t.test('a call that the other side refuses, on both sides', async t => {
  const app = await httpResponder(() => ok('yes'))
  t.teardown(app.close)
  const { lines, log } = capturing()
  const rule = { ...aRule('deny'), policy: 'MeshTrafficPermission/nobody' }
  const pair = await startPair(t, { appPort: app.port, permission: { rules: [rule] }, log })
  const client = await rawClient(pair.outPort)
  for (let i = 0; i < 3; i++) {
    client.send(get)
    await client.hears('access denied')
  }
  const failures = lines.filter(({ msg }) => msg === 'call failed')
  t.match(failures[0], {
    level: 'warn',
    listener: `inbound 127.0.0.1:${pair.inPort}`,
    service: 'backend',
    reason: 'permission-denied',
    policy: 'MeshTrafficPermission/nobody',
    times: 1,
  })
  t.equal(failures.length, 1, 'a line a second, however many fail')
})

t.test('a call to an application that is not there', async t => {
  const app = await httpResponder(() => ok('yes'))
  app.close()
  const { lines, log } = capturing()
  const pair = await startPair(t, { appPort: app.port, log })
  const client = await rawClient(pair.outPort)
  client.send(get)
  t.match(await client.hears('\r\n\r\n'), /^HTTP\/1\.1 503/)
  const [failure] = lines.filter(({ msg }) => msg === 'call failed')
  t.match(failure, { listener: `inbound 127.0.0.1:${pair.inPort}`, service: 'backend', reason: String })
  t.notOk(Object.hasOwn(failure ?? {}, 'policy'), 'no policy decided')
})
