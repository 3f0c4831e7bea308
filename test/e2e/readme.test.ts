/** The commands of the README do what it says, typed as they stand there, with this machine's places for the README's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { httpApplication } from '../support/applications.ts'
import { call, eventually, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const readme = readFileSync('README.md', 'utf8')
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(match => ({
  language: match[1],
  text: match[2] ?? '',
}))
const lab = new Lab()
t.teardown(() => lab.close())
const [web = 0, toApi = 0] = await freePorts(2)
const application = await httpApplication('web')
t.teardown(() => application.server.close())
const vm = join(lab.dir, 'etc')
mkdirSync(vm)

/** The README's places → those of this test. */
function here(command: string): string {
  const { api, diagnostics, dp } = lab.ports
  return command
    .replaceAll('http://127.0.0.1:5680', `http://127.0.0.1:${diagnostics}`)
    .replaceAll('/var/lib/vmesh-cp', join(lab.dir, 'cp'))
    .replaceAll('/etc/vmesh', vm)
    .replaceAll('https://cp.example.com:5678', `https://127.0.0.1:${dp}`)
    .replaceAll('http://127.0.0.1:5681', `http://127.0.0.1:${api}`)
    .replaceAll('scripts/vmeshctl ', `scripts/vmeshctl --address http://127.0.0.1:${api} `)
    .replaceAll('/backups', join(lab.dir, 'backup.json'))
    .replaceAll('status --name web-1', `status --state-dir ${join(lab.dir, 'state')}`)
}

/** The command of the README that begins so, joined over its continued lines, without its remark. */
function command(beginning: string): string {
  const lines = blocks
    .filter(block => block.language === 'sh')
    .flatMap(block => block.text.replaceAll('\\\n', ' ').split('\n'))
  const found = lines.find(line => line.startsWith(beginning))
  if (found === undefined) throw new Error(`the README has no command that begins with: ${beginning}`)
  return here(found.replace(/\s{2,}#.*$/, '').replace(/\s+#.*$/, ''))
}

async function typed(beginning: string): Promise<{ code: number; out: string }> {
  const child = spawn('sh', ['-c', command(beginning)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOME: lab.dir },
  })
  const exited = once(child, 'exit')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await exited
  return { code: Number(code), out: out + err }
}

/** A YAML block by what it begins with, kept as a file. */
function yamlFile(name: string, beginning: string): string {
  const block = blocks.find(one => one.language === 'yaml' && one.text.startsWith(beginning))
  if (block === undefined) throw new Error(`the README has no YAML that begins with: ${beginning}`)
  const path = join(vm, name)
  const changed = block.text
    .replace('192.168.0.11', '127.0.0.1')
    .replace('port: 8080 ', `port: ${web} `)
    .replace('servicePort: 80 ', `servicePort: ${application.port} `)
    .replace('port: 10001', `port: ${toApi}`)
  writeFileSync(path, changed)
  return path
}

await lab.startControlPlane()

t.test('a token and the CA for a VM', async t => {
  const token = await typed('scripts/vmeshctl generate dataplane-token')
  t.equal(token.code, 0, token.out)
  t.match(readFileSync('web-1.token', 'utf8'), /^ey/)
  const { renameSync } = await import('node:fs')
  renameSync('web-1.token', join(vm, 'web-1.token'))
  t.match(command('scp '), /cp\/tls\/ca\.crt/)
  writeFileSync(join(vm, 'ca.crt'), lab.ca)
})

t.test('the data plane of the README serves, and its status shows it', async t => {
  yamlFile('web-1.yaml', '# /etc/vmesh/web-1.yaml')
  const words = command('scripts/vmesh-dp run').split(/\s+/).slice(1)
  const daemon = lab.run(['dp/main.ts', ...words, `--state-dir=${join(lab.dir, 'state')}`])
  await daemon.said(/data plane is ready/)
  const status = await typed('scripts/vmesh-dp status')
  t.match(status, { code: 0, out: /web-1 in mesh default[\s\S]*certificate {4}spiffe:\/\/default\/web/ })
})

t.test('the policy of the README is applied, shown and deleted', async t => {
  const policy = yamlFile('api-from-web.yaml', '# only web may call api')
  const apply = command('scripts/vmeshctl apply').replace('api-from-web.yaml', policy)
  const child = spawn('sh', ['-c', apply], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOME: lab.dir },
  })
  t.match(await text(child.stdout), /type="MeshTrafficPermission" mesh="default" name="api-from-web" Created/)
  t.match(await typed('scripts/vmeshctl get'), { code: 0, out: /api-from-web/ })
  t.match(await typed('scripts/vmeshctl delete'), { code: 0, out: /deleted/ })
})

t.test('shell scripts post YAML and get YAML', async t => {
  const put = command('curl -X PUT').replace('@web-1.yaml', `@${join(vm, 'web-1.yaml')}`)
  const child = spawn('sh', ['-c', put], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.match(await text(child.stdout), /^\{/)
  const get = await typed("curl -H 'Accept: application/yaml'")
  t.match(get.out, /^type: Dataplane$/m)
})

t.test('shell scripts ask what would change, wait for it, and read the past', async t => {
  const item = "curl -X PUT --data-binary @web-1.yaml 'http://127.0.0.1:5681/meshes/default/dataplanes/web-1"
  for (const [beginning, expected] of [
    [`${item}?dryRun`, /"dryRun": true/],
    [`${item}?wait`, /"isComplete": true/],
    ["curl -H 'Accept: text/plain'", /^MESH +NAME .*[\s\S]*web-1/m],
    ['curl http://127.0.0.1:5681/meshes/default/dataplanes/web-1/history', /"author": "mesh-system:admin"/],
  ] as const) {
    const asked = command(beginning).replace('@web-1.yaml', `@${join(vm, 'web-1.yaml')}`)
    const child = spawn('sh', ['-c', asked], { stdio: ['ignore', 'pipe', 'ignore'] })
    t.match(await text(child.stdout), expected, asked)
  }
})

t.test('a part of the control plane logs more, without a restart', async t => {
  t.match(await typed('curl -X PUT -d'), { code: 0 })
  const { diagnostics } = lab.ports
  const answer = await fetch(`http://127.0.0.1:${diagnostics}/logging`)
  t.same(await answer.json(), { components: { store: 'debug' } })
})

t.test('backup while it runs, restore while it is stopped', async t => {
  const backup = await typed('scripts/vmesh-cp store backup')
  t.match(backup, { code: 0, out: /backup\.json: \d+ resources at version/ })
  await lab.api('DELETE', '/meshes/default/meshtrafficpermissions/allow-all-default')
  await lab.controlPlane?.stop()
  const restore = command('scripts/vmesh-cp store restore').replace(
    ' FILE ',
    ` ${join(lab.dir, 'backup.json')} `,
  )
  const child = spawn('sh', ['-c', restore], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.match(await text(child.stdout), /resources restored as version/)
  await lab.startControlPlane()
  const back = await eventually(
    () => call(lab.ports.api, '/meshes/default/meshtrafficpermissions/allow-all-default'),
    answer => answer.status === 200,
  )
  t.equal(back.status, 200)
})
