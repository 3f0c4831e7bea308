/** vmeshctl as a process: exit codes, pipes, and where it keeps its file. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { surroundings } from '../../../cp/cli/config.ts'
import { startFakeApi } from '../../support/fake-api.ts'

async function run(args: readonly string[], home: string, input = '') {
  const child = spawn(process.execPath, ['cp/cli/main.ts', ...args], { env: { HOME: home } })
  child.stdin.end(input)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, out, err }
}

t.test('ends with the code of what happened', async t => {
  const api = await startFakeApi()
  t.teardown(() => api.close())
  const home = t.testdir()
  const input = 'type: Secret\nmesh: default\nname: s\ndata: eA==\n'
  t.same(await run(['apply', '-f', '-', '--address', api.url], home, input), {
    code: 0,
    out: 'resource type="Secret" mesh="default" name="s" Created\n',
    err: '',
  })
  t.match(await run(['--help'], home), { code: 0, out: /Usage: vmeshctl/, err: '' })
  t.match(await run(['gte'], home), { code: 64, out: '', err: /did you mean get\?/ })
  t.match(await run(['get', 'meshes', '--address=http://127.0.0.1:1'], home), { code: 75, out: '' })
})

t.test('Ctrl-C while it waits ends it as ever, and says that what was written is stored', async t => {
  const api = await startFakeApi()
  t.teardown(() => api.close())
  const pending = [{ mesh: 'default', name: 'web-1', state: 'offline' }]
  api.override = ({ method, url }) => {
    if (method === 'PUT') return { status: 201, body: {}, headers: { etag: '"1-9"' } }
    return url.includes('/_applied') ? { status: 202, body: { applied: { total: 1, pending } } } : undefined
  }
  const argv = ['cp/cli/main.ts', 'apply', '-f', '-', '--wait=1h', '--address', api.url]
  const child = spawn(process.execPath, argv, { env: { HOME: t.testdir() } })
  child.stdin.end('type: Secret\nmesh: default\nname: s\ndata: eA==\n')
  let err = ''
  child.stderr.on('data', chunk => {
    err += chunk
    if (err.includes('waiting for')) child.kill('SIGINT')
  })
  const [code, signal] = await once(child, 'close')
  t.same({ code, signal }, { code: null, signal: 'SIGINT' })
  t.equal(
    err,
    'waiting for\n  default/web-1: offline\nvmeshctl: what was written is stored; only the waiting has ended\n',
  )
})

t.test('keeps its file in the home of the user', async t => {
  const home = t.testdir({ '.vmeshctl': { config: 'controlPlanes: 1\n' } })
  t.match(await run(['config', 'view'], home), { code: 78, err: `${home}/.vmeshctl/config:1 controlPlanes` })
})

t.test('writes all of a long answer into a pipe', async t => {
  const api = await startFakeApi()
  t.teardown(() => api.close())
  for (let index = 0; index < 3_000; index++) {
    const name = `secret-${String(index).padStart(5, '0')}`
    api.stored.set(`/meshes/default/secrets/${name}`, { type: 'Secret', mesh: 'default', name, data: 'eA==' })
  }
  const { code, out } = await run(['get', 'secrets', '-o', 'json', '--address', api.url], t.testdir())
  t.equal(code, 0)
  t.equal(JSON.parse(out).items.length, 3_000)
})

t.test('colours only what somebody looks at, and not where NO_COLOR is set', async t => {
  const { env } = process
  t.teardown(() => {
    process.env = env
  })
  const cases: readonly (readonly [boolean, Readonly<Record<string, string>>, boolean])[] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ]
  for (const [isTerminal, variables, hasColours] of cases) {
    process.env = { HOME: '/home/jo', SECRET: 'x', VMESHCTL_MESH: 'm', ...variables }
    const found = surroundings(isTerminal)
    t.same(found, {
      configFile: '/home/jo/.vmeshctl/config',
      environment: { VMESHCTL_MESH: 'm' },
      isTerminal,
      hasColours,
    })
  }
})
