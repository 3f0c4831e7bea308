/** Every limit of the engine is a setting, and is named by a test that shows what it does. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LIMIT_SETTINGS, limitsOf } from '../../../dp/apply/limit-settings.ts'
import { httpApplication } from '../../support/applications.ts'
import { call, dataplane, Lab } from '../../support/lab.ts'
import { freePorts } from '../../support/ports.ts'

const TESTS = join(import.meta.dirname, '..')

t.test('values as people write them', async t => {
  t.same(limitsOf([]), {})
  t.match(limitsOf(['maxHead=64KiB', 'keepAlive=1m30s', 'trunk.maxStreams=7', 'http2.maxFields=9']), {
    maxHeadBytes: 65_536,
    keepAliveMs: 90_000,
    maxStreams: 7,
    http2: { maxFields: 9, maxStreams: 1024 },
  })
  for (const { name, limit, unit } of LIMIT_SETTINGS) {
    const text = `${limit.default}${{ size: 'B', duration: 'ms', count: '' }[unit]}`
    t.doesNotThrow(() => limitsOf([`${name}=${text}`]), `${name}=${text}`)
  }
})

t.test('all that is wrong is told at once, with what is meant and what may be', async t => {
  const given = ['maxHed=1', 'maxFields=none', 'maxHead=1B', 'keepAlive=90', 'http2.maxFrame=1KiB', 'tcpIdle']
  try {
    limitsOf([...given, 'backoff=1h', 'http2.maxPending=2MiB'])
    t.fail('accepted')
  } catch (error) {
    t.same(String((error as Error).message).split('\n'), [
      '--limit maxHed=1: there is no limit maxHed; did you mean maxHead?',
      '--limit maxFields=none: expected maxFields=a number from 1 to 1073741824',
      '--limit maxHead=1B: expected maxHead=a size from 1KiB to 1MiB',
      '--limit keepAlive=90: expected keepAlive=a duration from 1ms to 298h15m41.824s',
      '--limit http2.maxFrame=1KiB: expected http2.maxFrame=a size from 16KiB to 16777215B',
      '--limit tcpIdle: expected tcpIdle=a duration from 1ms to 298h15m41.824s',
      '--limit backoff (1h0m0s) is above maxBackoff (10s)',
      '--limit http2.maxPending (2MiB) is above http2.maxBacklog (1MiB)',
    ])
  }
})

t.test('each limit has a test that names it', async t => {
  const textOf = (folders: readonly string[]): string =>
    folders
      .flatMap(folder => globSync(`${folder}/**/*.test.ts`, { cwd: TESTS }))
      .map(file => readFileSync(join(TESTS, file), 'utf8'))
      .join('\n')
  const http2 = textOf(['codec/http2'])
  const trunk = textOf(['codec/vmesh1', 'cluster'])
  const others = textOf(['codec', 'http', 'cluster', 'listener', 'apply'])
  for (const { name, key } of LIMIT_SETTINGS) {
    const text = name.startsWith('http2.') ? http2 : name.startsWith('trunk.') ? trunk : others
    t.ok(new RegExp(`\\b${key}\\b`).test(text), name)
  }
})

t.test('of a daemon, in every worker', async t => {
  const lab = new Lab()
  t.teardown(() => lab.close())
  const application = await httpApplication('api')
  t.teardown(() => application.server.close())
  await lab.startControlPlane()
  await lab.put('/meshes/default', { type: 'Mesh', name: 'default' })
  const [port = 0] = await freePorts(1)
  const api = dataplane({ name: 'api-1', service: 'api', port, servicePort: application.port })
  const args = await lab.dataPlaneArguments(api)
  const daemon = lab.run([...args, '--concurrency=2', '--limit', 'maxHead=1KiB'], {
    VMESH_LIMIT: 'maxHead=2KiB',
  })
  await daemon.said(/data plane is ready/)
  for (let round = 0; round < 10; round++) {
    t.equal((await call(port, '/', { headers: { 'x-long': 'x'.repeat(1500) } })).status, 431)
    t.equal((await call(port, '/', { headers: { 'x-long': 'x'.repeat(500) } })).status, 200)
  }
  const wrong = lab.run([...args, '--limit', 'maxHead=1', '--limit', 'nothing=1', '--check'])
  t.equal(await wrong.exited, 78)
  t.match(wrong.output, /--limit maxHead=1: expected [\s\S]*--limit nothing=1: there is no limit nothing/)
})
