/** The first of the README's two commands. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startFakeApi } from '../support/fake-api.ts'

t.test(
  '`scripts/demo --once` shows every claim, exits 0 and leaves no process and no file behind',
  async t => {
    const mine = await startFakeApi()
    t.teardown(() => mine.close())
    const env = { ...process.env, ...hostile(mine.url, t.testdir()) }
    const demo = spawn('scripts/demo', ['--once'], { stdio: ['ignore', 'pipe', 'pipe'], env })
    const exited = once(demo, 'exit')
    const [out, err] = await Promise.all([text(demo.stdout), text(demo.stderr)])
    const [code] = await exited
    t.equal(code, 0, err)
    t.same(mine.asked, [], 'the control plane of the shell is left alone')
    const claims = out
      .slice(out.indexOf('What was claimed'))
      .split('\n')
      .filter(line => /^ {2}[✓✗]/.test(line))
    t.equal(claims.length, 8)
    t.same(
      claims.filter(line => line.includes('✗')),
      [],
    )
    const dir = /DEMO=(\S+)/.exec(out)?.[1] ?? ''
    t.match(dir, /vmesh-demo-/)
    t.same(
      commandLines().filter(line => line.includes(dir)),
      [],
    )
    t.same(globSync(dir), [])
  },
)

/** Whatever mesh the shell is set to: the demo has its own. */
function hostile(address: string, home: string): Readonly<Record<string, string>> {
  const port = new URL(address).port
  const config = join(home, '.vmeshctl', 'config')
  mkdirSync(dirname(config))
  const entry = { name: 'mine', coordinates: { apiServer: { url: address } } }
  const contexts = [{ name: 'mine', controlPlane: 'mine' }]
  writeFileSync(config, JSON.stringify({ controlPlanes: [entry], contexts, currentContext: 'mine' }))
  return {
    HOME: home,
    VMESHCTL_ADDRESS: address,
    VMESHCTL_CONFIG_FILE: config,
    VMESHCTL_MESH: 'nope',
    VMESH_DATA_DIR: '/proc/nope',
    VMESH_DRAIN_TIME: 'never',
    VMESH_CP_ADDRESS: `https://127.0.0.1:${port}`,
    KUMA_API_SERVER_HTTP_PORT: port,
    KUMA_CONTROL_PLANE_ADDRESS: address,
    http_proxy: address,
    https_proxy: address,
    ALL_PROXY: address,
  }
}

t.test('the demo ends with Ctrl-C, its processes too', async t => {
  const demo = spawn('scripts/demo', { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(demo, 'exit')
  let out = ''
  await new Promise<void>(resolve => {
    demo.stdout.on('data', (chunk: Buffer) => {
      out += chunk
      // early: while it is still starting things
      if (out.includes('A token for each VM')) resolve()
    })
  })
  demo.kill('SIGINT')
  await exited
  const dir = /DEMO=(\S+)/.exec(out)?.[1] ?? 'no folder was printed'
  t.same(
    commandLines().filter(line => line.includes(dir)),
    [],
  )
})

function commandLines(): readonly string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap(file => {
    try {
      return [readFileSync(file, 'utf8').replaceAll('\0', ' ')]
    } catch {
      // it ended meanwhile
      return []
    }
  })
}
