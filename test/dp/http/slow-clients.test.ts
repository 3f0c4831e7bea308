/**
 * Clients that keep connections busy with next to nothing, as slowhttptest makes them: slow heads, slow bodies, slow
 * readers. Others are served meanwhile.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { httpResponder, ok, rawClient } from '../../support/raw-sockets.ts'

const PROGRAM = '/usr/bin/slowhttptest'
const CONNECTIONS = 200
const SECONDS = 4
const CALL_EVERY_MS = 50
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

const ATTACKS: Readonly<Record<string, readonly string[]>> = {
  'slow heads': ['-H', '-i', '1', '-x', '10'],
  'slow bodies': ['-B', '-i', '1', '-s', '8192', '-x', '10'],
  'slow readers': ['-X', '-n', '1', '-w', '512', '-y', '1024', '-z', '8', '-k', '3'],
}

t.test('serves others while many are slow', { skip: !existsSync(PROGRAM) && 'not installed' }, async t => {
  const app = await httpResponder(request => ok(request.includes('/proof') ? 'proof' : 'x'.repeat(200_000)))
  t.teardown(app.close)
  const limits = { headTimeoutMs: 1000, streamIdleMs: 1500, lingerMs: 200 }
  const pair = await startPair(t, { appPort: app.port, limits })
  let isOver = false
  const reports = Promise.all(
    Object.entries(ATTACKS).map(async ([name, args]) => ({ name, report: await attack(pair.outPort, args) })),
  ).finally(() => {
    isOver = true
  })
  let served = 0
  const bad: string[] = []
  while (!isOver) {
    const client = await rawClient(pair.outPort)
    client.send('GET /proof HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n')
    await client.ended
    if (client.heard.endsWith('\r\n\r\nproof')) served++
    else bad.push(client.heard)
    client.socket.destroy()
    await pause(CALL_EVERY_MS)
  }
  t.same(bad, [], `${served} calls`)
  t.ok(served > 10)
  for (const { name, report } of await reports) {
    t.match(report, /service available: +YES/, `${name}, says slowhttptest`)
    t.notMatch(report, /service available: +NO/, name)
  }
})

/** What it printed. */
async function attack(port: number, args: readonly string[]): Promise<string> {
  const child = spawn(PROGRAM, [
    ...args,
    ...['-c', `${CONNECTIONS}`, '-r', `${CONNECTIONS}`, '-l', `${SECONDS}`, '-p', '3'],
    ...['-u', `http://127.0.0.1:${port}/`],
  ])
  let report = ''
  child.stdout.on('data', chunk => {
    report += chunk
  })
  await once(child, 'close')
  return report.replaceAll(COLOURS, '')
}
