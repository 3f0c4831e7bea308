/** `/logging` of the diagnostics port: other levels for parts of the control plane while it runs, as in Kuma 2.14. */
import t from 'tap'
import { createLogger } from '../../../dp/base/log.ts'
import { type RunningApi, send, startApi } from '../../support/api.ts'

type Test = import('tap').Test

async function start(
  t: Test,
): Promise<{ run: RunningApi; lines: string[]; messages: () => Promise<string[]> }> {
  const lines: string[] = []
  const log = createLogger({ level: 'info', name: 'test', to: { write: line => void lines.push(line) } })
  const run = await startApi({ folder: t.testdir(), log })
  t.teardown(() => run.close())
  let count = 0
  /** Of one write. */
  const messages = async (): Promise<string[]> => {
    lines.length = 0
    const name = `m${count++}`
    await send('PUT', `${run.http}/meshes/${name}`, { body: { type: 'Mesh', name } })
    return lines.map(line => JSON.parse(line)).map(({ component, msg }) => `${component}: ${msg}`)
  }
  return { run, lines, messages }
}

t.test('a part of the control plane gets another level at once, and its own again', async t => {
  const { run, lines, messages } = await start(t)
  const url = `${run.diagnostics}/logging`
  const overrides = async (): Promise<unknown> => (await send('GET', url)).json
  t.match(await send('GET', url), { status: 200, headers: { 'content-type': 'application/json' } })
  t.same(await overrides(), { components: {} })
  t.same(await messages(), ['api: API'])
  t.match(await send('PUT', url, { body: { component: 'store', level: 'debug' } }), { status: 200, text: '' })
  t.same(await overrides(), { components: { store: 'debug' } })
  t.same(await messages(), ['store: stored', 'api: API'])
  lines.length = 0
  t.match(await send('PUT', url, { body: '{"component":"api","level":"off"}' }), { status: 200 })
  t.match(JSON.parse(lines[0] ?? ''), { msg: 'log level changed', components: ['api'], to: 'off' })
  t.same(await messages(), ['store: stored'])
  t.match(await send('DELETE', `${url}/store`), { status: 200, text: '' })
  t.same(await overrides(), { components: { api: 'off' } })
  t.same(await messages(), [])
  t.same((await send('DELETE', url)).json, { components: { api: 'off' } }, 'what it was')
  t.same(await messages(), ['api: API'])
  await send('PUT', url, { body: { component: 'all', level: 'error' } })
  t.same(await messages(), [])
})

t.test('what is wrong is refused with the names that there are, and changes nothing', async t => {
  const { run } = await start(t)
  const url = `${run.diagnostics}/logging`
  const cases: readonly (readonly [body: unknown, text: RegExp])[] = [
    [{ level: 'debug' }, /^component is missing: it is one of api, store, all\n$/],
    [{ component: 'stor', level: 'debug' }, /^there is no component "stor": .*; did you mean store\?\n$/],
    [{ component: 'store', level: 'loud' }, /^invalid log level "loud": it is one of off, trace, debug,/],
    ['{invalid', /^invalid request body: /],
    ['x'.repeat(5_000), /^invalid request body: /],
    ['[]', /^component is missing/],
  ]
  for (const [body, text] of cases) t.match(await send('PUT', url, { body }), { status: 400, text })
  t.match(await send('DELETE', `${url}/kds`), { status: 400, text: /there is no component "kds"/ })
  t.match(await send('POST', url), { status: 405, headers: { allow: 'GET, HEAD, PUT, DELETE' } })
  t.match(await send('GET', `${url}/store`), { status: 405, headers: { allow: 'DELETE' } })
  t.same((await send('GET', url)).json, { components: {} })
})

t.test('nobody who is not plainly on this machine changes a level', async t => {
  const { run } = await start(t)
  const url = `${run.diagnostics}/logging`
  const body = { component: 'store', level: 'silent' }
  for (const headers of [
    { host: 'cp.example.com' },
    { 'x-forwarded-for': '10.0.0.1' },
    { origin: 'http://evil.test' },
  ])
    t.match(await send('PUT', url, { body, headers }), { status: 403, text: /on this machine only: the / })
  t.match(await send('DELETE', url, { headers: { host: 'cp.example.com' } }), { status: 403 })
  t.same((await send('GET', url)).json, { components: {} })
})
