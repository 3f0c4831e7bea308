/** Bad input: one clear sentence saying what, where and what to do, a fitting exit code, and nothing is lost. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { dataplane, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const PERMANENT = 78
const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const [port = 0, outbound = 0] = await freePorts(2)
const web = dataplane({
  name: 'web-1',
  service: 'web',
  port,
  servicePort: 9,
  outbounds: { [outbound]: 'api' },
})
const good = await lab.dataPlaneArguments(web)
const file = join(lab.dir, 'web-1.yaml')
const yaml = readFileSync(file, 'utf8')

/** Runs the data plane until it ends; answers its exit code and words. */
async function fails(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const running = lab.run(args)
  const code = await running.exited
  return { code, output: running.output }
}

function withFile(text: string): string[] {
  const path = join(lab.dir, 'changed.yaml')
  writeFileSync(path, text)
  return good.map(argument =>
    argument.startsWith('--dataplane-file=') ? `--dataplane-file=${path}` : argument,
  )
}

t.test('a broken YAML: the line and the column', async t => {
  const { code, output } = await fails(withFile(yaml.replace('networking:', 'networking: [')))
  t.equal(code, PERMANENT)
  t.match(output, /changed\.yaml:\d+:\d+/)
})

t.test('a wrong field: the path and the line', async t => {
  const { code, output } = await fails(withFile(yaml.replace(`port: ${port}`, 'port: 70000')))
  t.equal(code, PERMANENT)
  t.match(output, /changed\.yaml:\d+: networking\.inbound\[0\]\.port: port must be in the range \[1, 65535\]/)
})

t.test('another type than Dataplane', async t => {
  const { code, output } = await fails(withFile(yaml.replace('type: Dataplane', 'type: Mesh')))
  t.equal(code, PERMANENT)
  t.match(output, /changed\.yaml:1: type: must be Dataplane/)
})

t.test('an undefined variable: its name', async t => {
  const { code, output } = await fails(withFile(yaml.replace('127.0.0.1', '{{ address }}')))
  t.equal(code, PERMANENT)
  t.match(output, /address.*--dataplane-var/s)
})

t.test('a file that is not there', async t => {
  const { code, output } = await fails(good.map(one => one.replace('web-1.yaml', 'nowhere.yaml')))
  t.equal(code, PERMANENT)
  t.match(output, /cannot read --dataplane-file .*nowhere\.yaml: ENOENT/)
})

t.test('a token for another data plane: 403 and how to get one', async t => {
  const token = join(lab.dir, 'other.token')
  writeFileSync(token, await lab.token({ name: 'other' }))
  const { code, output } = await fails(good.map(one => one.replace('web-1.token', 'other.token')))
  t.equal(code, PERMANENT)
  t.match(output, /refused the data plane token: .*other.*vmeshctl generate dataplane-token/)
})

t.test('an expired token', async t => {
  const answer = await lab.api('POST', '/tokens/dataplane', {
    name: 'web-1',
    mesh: 'default',
    validFor: '-1h',
  })
  writeFileSync(join(lab.dir, 'old.token'), answer.body)
  const { code, output } = await fails(good.map(one => one.replace('web-1.token', 'old.token')))
  t.equal(code, PERMANENT)
  t.match(output, /refused the data plane token: .*expired/)
})

t.test('a token that is no token, and none at all', async t => {
  writeFileSync(join(lab.dir, 'bad.token'), 'hello')
  const bad = await fails(good.map(one => one.replace('web-1.token', 'bad.token')))
  t.match(bad, { code: PERMANENT, output: /refused the data plane token/ })
  const none = await fails(good.filter(one => !one.startsWith('--dataplane-token-file')))
  t.match(none, {
    code: PERMANENT,
    output: /no data plane token: make one with `vmeshctl generate dataplane-token`/,
  })
})

t.test('a wrong CA, and none at all', async t => {
  const { makeMeshCa } = await import('../support/certificates.ts')
  const other = await makeMeshCa('other')
  writeFileSync(join(lab.dir, 'other-ca.crt'), other.rootPem)
  const wrong = await fails(good.map(one => one.replace(/cp\/tls\/ca\.crt/, 'other-ca.crt')))
  t.match(wrong, { code: PERMANENT, output: /not signed by the CA given here .*DATA\/tls\/ca\.crt/ })
  const none = await fails(good.filter(one => !one.startsWith('--ca-cert-file')))
  t.match(none, {
    code: PERMANENT,
    output: /no CA for the control plane's certificate: copy DATA\/tls\/ca\.crt/,
  })
})

t.test('a pin instead of the CA: right it serves, wrong it is refused', async t => {
  const { readCertificate } = await import('#base/x509/certificate.ts')
  const pin = readCertificate(lab.ca).fingerprintSha256
  const withPin = (value: string): string[] =>
    good.map(one => (one.startsWith('--ca-cert-file') ? `--ca-cert-sha256=${value}` : one))
  const right = lab.run(withPin(pin))
  await right.said(/data plane is ready/)
  t.equal(await right.stop(), 0)
  const wrong = lab.run(withPin('0'.repeat(64)).map(one => one.replace('state-web-1', 'state-pin')))
  await wrong.said(/not the pinned one/)
  await wrong.stop('SIGKILL')
})

t.test('a port in use: which, and the control plane learns of it', async t => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(outbound, '127.0.0.1', resolve))
  const { code, output } = await fails(good)
  taken.close()
  t.equal(code, 1, 'it may go away: systemd tries again')
  t.match(
    output,
    new RegExp(`listener/127\\.0\\.0\\.1:${outbound}: port ${outbound} on 127\\.0\\.0\\.1 is in use`),
  )
})

t.test('no control plane: it says so, and serves as soon as there is one', async t => {
  const nobody = good.map(one => one.replace(String(lab.ports.dp), '1').replace('state-web-1', 'state-alone'))
  const running = lab.run(nobody)
  await running.said(
    /cannot connect to the control plane at https:\/\/127\.0\.0\.1:1: nothing listens there; is vmesh-cp running\?/,
  )
  t.equal(await running.stop(), 0)
})

t.test('an unknown flag, setting and variable: the nearest known one', async t => {
  const flag = await fails([...good, '--dataplane-fil=x'])
  t.match(flag, { code: 64, output: /--dataplane-file/ })
  const variable = lab.run(good, { VMESH_DRAIN_TIEM: '3s' })
  t.equal(await variable.exited, PERMANENT)
  t.match(variable.output, /VMESH_DRAIN_TIEM: there is no such setting.*VMESH_DRAIN_TIME/)
  writeFileSync(join(lab.dir, 'cp.yaml'), 'apiServer:\n  http:\n    prot: 1\n')
  const setting = lab.run(['cp/main.ts', 'run', '--config-file', join(lab.dir, 'cp.yaml')])
  t.equal(await setting.exited, PERMANENT)
  t.match(setting.output, /cp\.yaml:3 apiServer\.http\.prot: .*apiServer\.http\.port/)
})

t.test('a control plane whose port is taken says which', async t => {
  const second = lab.run(['cp/main.ts', 'run', '--data-dir', join(lab.dir, 'second')], {
    VMESH_DP_SERVER_PORT: String(lab.ports.dp),
    VMESH_API_SERVER_HTTP_PORT: '0',
    VMESH_API_SERVER_HTTPS_PORT: '0',
    VMESH_DIAGNOSTICS_SERVER_PORT: '0',
  })
  t.equal(await second.exited, 1)
  t.match(
    second.output,
    new RegExp(`port ${lab.ports.dp} is in use; stop what uses it or set dpServer\\.port`),
  )
})
