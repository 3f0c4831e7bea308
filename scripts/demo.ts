/**
 * The demo: a control plane and three data planes on loopback addresses that stand for VMs, with the applications of
 * examples/counter. Prints each step with the command that a person would type and checks each claim. Goes on until
 * Ctrl-C; with --once it ends and exits 0, or 1 when a claim failed.
 */
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Stage } from './stage.ts'

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } })
const PORTS = { api: 5681, https: 5682, dp: 5678, diagnostics: 5680 }
const VMS = { 'web-1': '127.0.1.1', 'api-1': '127.0.1.2', 'store-1': '127.0.1.3' } as const
type Vm = keyof typeof VMS

const ports = await portsOfDemo()
const stage = new Stage({
  paceMs: values.once ? 0 : 1_200,
  env: {
    ...neutral(process.env),
    VMESH_API_SERVER_HTTP_PORT: String(ports.api),
    VMESH_API_SERVER_HTTPS_PORT: String(ports.https),
    VMESH_API_SERVER_HTTPS_INTERFACE: '127.0.0.1',
    VMESH_DP_SERVER_PORT: String(ports.dp),
    VMESH_DP_SERVER_INTERFACE: '127.0.0.1',
    VMESH_DIAGNOSTICS_SERVER_PORT: String(ports.diagnostics),
    HOME: join('/nonexistent', 'vmesh-demo'),
    // not localhost, which may be another one's [::1]
    VMESHCTL_ADDRESS: `http://127.0.0.1:${ports.api}`,
  },
})
const ctl = [
  'scripts/vmeshctl',
  ...(ports.api === PORTS.api ? [] : [`--address=http://127.0.0.1:${ports.api}`]),
]
const curl = ['curl', '-s', '--max-time', '5']
const page = [...curl, 'http://127.0.0.1:7001/']
let code = 1
const interrupted = new Promise<'interrupted'>(resolve => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve('interrupted'))
})
try {
  const end = await Promise.race([play(), interrupted])
  if (end !== 'interrupted') {
    code = stage.summary() ? 0 : 1
    if (!values.once) {
      stage.say('')
      stage.say(`it goes on: open http://127.0.0.1:7001/ ; logs are in ${stage.dir} ; Ctrl-C ends it`)
      await interrupted
    }
  }
} catch (error) {
  console.error(`\nthe demo failed: ${error instanceof Error ? error.message : String(error)}`)
} finally {
  await stage.end()
}
process.exit(code)

/** Nothing that could lead the programs of the demo to another mesh, such as settings of vmesh or a proxy for curl. */
function neutral(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const taken = /^(PATH|LD_LIBRARY_PATH|TMPDIR|TERM|LANG|LC_\w+|NO_COLOR|NODE_COMPILE_CACHE)$/
  return Object.fromEntries(Object.entries(environment).filter(([name]) => taken.test(name)))
}

async function play(): Promise<void> {
  const data = join(stage.dir, 'cp')
  stage.say(`DEMO=${stage.dir}`)
  await stage.step('The control plane, with a mesh that is encrypted from the start')
  await stage.start('cp', ['scripts/vmesh-cp', 'run', `--data-dir=${data}`], /control plane is ready/)

  await stage.step('Real applications, each on a loopback port of its "VM"')
  await startApplications()

  await stage.step('A token for each VM, and a data plane beside each application')
  await Promise.all(vms().map(makeToken))
  await Promise.all(vms().map(vm => startDataPlane(vm)))

  await stage.step('A call through three hops: curl → web → api → kv')
  const first = await stage.until(page, outcome => /^visit \d+/.test(outcome.text))
  stage.claim('a call through three hops answers', /^visit \d+/.test(first.text), first.text)
  const both = new Set<string>()
  for (let i = 0; i < 6; i++)
    both.add(/api-\d/.exec((await stage.run(page, { shown: false })).text)?.[0] ?? '')
  stage.claim('calls are spread over both instances of api', both.size === 2, [...both].sort().join(', '))

  await stage.step('The wire between the VMs')
  await showWire()

  await stage.step('Without a permission: refused')
  await stage.run([...ctl, 'delete', 'meshtrafficpermission', 'allow-all-default'], { show: true })
  const denied = await stage.until(page, outcome => /RBAC: access denied/.test(outcome.text))
  stage.claim(
    'without permission the call is refused',
    /403.*RBAC: access denied/.test(denied.text),
    denied.text,
  )

  await stage.step('With permissions: web may call api, api may call kv, nobody else anything')
  await stage.run([...ctl, 'apply', '-f', 'examples/counter/policies'], { show: true })
  const allowed = await stage.until(page, outcome => /^visit \d+/.test(outcome.text))
  stage.claim('with permission the call passes', /^visit \d+/.test(allowed.text), allowed.text)

  await stage.step('The control plane is killed')
  stage.typed(['kill', '-9'], '$PID_OF_VMESH_CP')
  await stage.stop('cp', 'SIGKILL')
  const alone = await stage.run(page, { show: true })
  stage.claim('with the control plane killed, calls go on', /^visit \d+/.test(alone.text), alone.text)
  stage.typed(['systemctl', 'restart', 'vmesh-dp@web-1'])
  await stage.stop('web-1', 'SIGTERM')
  const before = performance.now()
  await startDataPlane('web-1', false)
  const took = performance.now() - before
  const again = await stage.until(page, outcome => /^visit \d+/.test(outcome.text))
  stage.claim(
    'with the control plane killed, a data plane restarts and serves',
    /^visit \d+/.test(again.text),
    `after ${took.toFixed(0)} ms: ${again.text}`,
  )
}

async function startApplications(): Promise<void> {
  const node = process.execPath
  const hasRedis = (process.env['PATH'] ?? '')
    .split(':')
    .some(folder => existsSync(join(folder, 'redis-server')))
  const redis = [
    'redis-server',
    '--port',
    '7004',
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    stage.dir,
  ]
  const app = (file: string, ...args: readonly string[]): readonly string[] => [
    node,
    `examples/counter/${file}`,
    ...args,
  ]
  const show = (words: readonly string[]): readonly string[] =>
    words.map(word => (word === node ? 'node' : word))
  const kv = hasRedis ? redis : app('kv.ts', '--port', '7004')
  const api1 = app('api.ts', '--port', '7002', '--name', 'api-1', '--kv', '10002')
  const api2 = app('api.ts', '--port', '7003', '--name', 'api-2', '--kv', '10003')
  const web = app('web.ts', '--port', '7001', '--api', 'http://127.0.0.1:10001')
  await Promise.all([
    stage.start('kv', kv, hasRedis ? /Ready to accept connections/ : /is ready/, show(kv)),
    stage.start('api-1 app', api1, /is ready/, show(api1)),
    stage.start('api-2 app', api2, /is ready/, show(api2)),
    stage.start('web app', web, /is ready/, show(web)),
  ])
}

function vms(): readonly Vm[] {
  return ['store-1', 'api-1', 'web-1']
}

async function makeToken(vm: Vm): Promise<void> {
  const file = tokenFile(vm)
  const words = [...ctl, 'generate', 'dataplane-token', '--name', vm, '--valid-for', '24h']
  stage.typed(words, `> ${file}`)
  const { code: exit, text } = await stage.run(words, { shown: false })
  if (exit !== 0) throw new Error(`no token for ${vm}: ${text}`)
  const { writeFile } = await import('node:fs/promises')
  await writeFile(file, text, { mode: 0o600 })
}

async function startDataPlane(vm: Vm, shown = true): Promise<void> {
  const words = [
    'scripts/vmesh-dp',
    'run',
    `--cp-address=https://127.0.0.1:${ports.dp}`,
    `--dataplane-file=examples/counter/dataplanes/${vm}.yaml`,
    `--dataplane-var=address=${VMS[vm]}`,
    `--dataplane-token-file=${tokenFile(vm)}`,
    `--ca-cert-file=${join(stage.dir, 'cp/tls/ca.crt')}`,
    `--state-dir=${join(stage.dir, vm)}`,
  ]
  await stage.start(vm, words, /data plane is ready/, shown ? words : null)
}

function tokenFile(vm: Vm): string {
  return join(stage.dir, `${vm}.token`)
}

async function showWire(): Promise<void> {
  const plain = await stage.run([...curl, '-i', 'http://127.0.1.2:8080/visit'], { show: true })
  const got = plain.text.replace(/[^\x20-\x7e]/g, '')
  stage.claim(
    'plain text to an inbound gets no application byte',
    !/HTTP\/1|visit/.test(plain.text),
    got || 'closed without an answer',
  )
  const words = ['openssl', 's_client', '-connect', '127.0.1.2:8080', '-showcerts']
  stage.typed(words, '</dev/null | openssl x509 -noout -ext subjectAltName')
  const wire = await stage.run(words, { shown: false })
  const protocol = /(?:Protocol\s*: |New, )(TLSv1\.3)/.exec(wire.text)?.[1] ?? 'no TLS'
  const { X509Certificate } = await import('node:crypto')
  const pem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(wire.text)?.[0]
  const names = pem === undefined ? '' : (new X509Certificate(pem).subjectAltName ?? '')
  stage.say(`${protocol}, ${names.split(', ')[0] ?? ''}`)
  const isMesh = protocol === 'TLSv1.3' && names.includes('URI:spiffe://default/api')
  stage.claim(
    'the wire between data planes is TLS 1.3 with the name of the service',
    isMesh,
    `${protocol}, ${names}`,
  )
}

/** Kuma's ports where they are free, else any. */
async function portsOfDemo(): Promise<typeof PORTS> {
  const all = await Promise.all(Object.values(PORTS).map(isFree))
  if (all.every(Boolean)) return PORTS
  console.log('ports 5678 to 5682 are in use here: the demo takes others')
  const free = await Promise.all(Object.keys(PORTS).map(() => anyPort()))
  const [api = 0, https = 0, dp = 0, diagnostics = 0] = free
  return { api, https, dp, diagnostics }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function anyPort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
