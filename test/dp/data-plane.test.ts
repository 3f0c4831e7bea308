/** Promises of dp/data-plane.ts: what it does with what its folder holds, with a control plane that fails, and alone. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createLogger } from '#base/log.ts'
import { readCsr } from '#base/x509/certificate.ts'
import type { Identity } from '#contract/identity.ts'
import { createMemberCertificate } from '../../cp/ca/member-certificate.ts'
import { createEngine } from '../../dp/apply/applier.ts'
import { DataPlane } from '../../dp/data-plane.ts'
import { makeIdentity, makeMeshCa } from '../support/certificates.ts'
import { FakeControlPlane, type FakePeer } from '../support/fake-control-plane.ts'
import { call } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

type Test = import('tap').Test

const URIS = ['spiffe://default/web']
const ca = await makeMeshCa()
const [outbound = 0, endpoint = 0] = await freePorts(2)

/** An outbound to a service of the mesh at a port where nobody listens: what the call says shows how far it came. */
const sections = {
  identity: { trustDomain: 'default', backend: 'ca-1', uris: URIS },
  'trust/default': { trustDomain: 'default', roots: [ca.rootPem] },
  [`listener/127.0.0.1:${outbound}`]: {
    direction: 'outbound',
    address: '127.0.0.1',
    port: outbound,
    protocol: 'http',
    cluster: 'api',
  },
  'cluster/api': {
    name: 'api',
    connectTimeoutMs: 1_000,
    endpoints: [{ address: '127.0.0.1', port: endpoint }],
    tls: { sni: 'api', trustDomain: 'default', serverIds: ['spiffe://default/api'] },
  },
}

t.test('a held certificate is used also where the last snapshot is gone', async t => {
  const dir = await stateDir(t)
  await writeState(dir, 'identity.json', await held())
  const { cp, plane } = await started(t, dir)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections })
  await peer.hears('ack')
  await plane.serving
  t.equal(await reason(), 'connection-refused', 'it got as far as the endpoint, with no new certificate')
})

t.test('the control plane is told which certificate is in use, on every connection', async t => {
  const dir = await stateDir(t)
  const identity = await held()
  const { notBeforeMs, notAfterMs, backend } = identity
  await writeState(dir, 'identity.json', identity)
  await writeState(dir, 'snapshot.json', stored())
  const { cp } = await started(t, dir)
  const first = await cp.peer()
  await first.welcomes()
  t.same((await first.hears('report')).certificate, { notBeforeMs, notAfterMs, backend })
  first.socket.terminate()
  const second = await cp.peer()
  await second.welcomes()
  t.same((await second.hears('report')).certificate, { notBeforeMs, notAfterMs, backend })
  // without mTLS none is used, whatever is on the disk
  second.offers({ revision: 8, sections: {} })
  t.equal((await second.hears('report')).certificate, null)
})

t.test('a certificate that cannot be used is put aside and a new one asked for', async t => {
  const dir = await stateDir(t)
  await writeState(dir, 'identity.json', { ...(await held()), chainPem: 'PEM' })
  const { cp, plane } = await started(t, dir)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections })
  await answerIssue(peer)
  await peer.hears('ack')
  await plane.serving
  t.equal(await reason(), 'connection-refused')
  t.match(await readFile(join(dir, 'identity.json.damaged'), 'utf8'), /PEM/)
})

t.test(
  'an expired certificate fails closed with its own reason, and heals with the control plane',
  async t => {
    const dir = await stateDir(t)
    await writeState(dir, 'identity.json', await held(Date.now() - 9 * 86_400_000))
    await writeState(dir, 'snapshot.json', stored())
    const cp = await FakeControlPlane.start()
    const { port } = cp
    await cp.stopListening()
    const { plane } = await started(t, dir, cp)
    await plane.serving
    t.equal(await reason(), 'certificate-expired')
    await cp.listen(port)
    const peer = await cp.peer()
    await peer.welcomes()
    peer.offers({ revision: 7, over: 7 })
    await answerIssue(peer)
    await peer.hears('ack')
    t.equal(await reason(), 'connection-refused')
  },
)

t.test('a certificate that is refused at first comes later, without a new snapshot', async t => {
  const { cp, plane } = await started(t, await stateDir(t))
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections })
  peer.says({ type: 'issue-refused', id: (await peer.hears('issue')).id, reason: 'disk full' })
  await peer.hears('ack')
  await plane.serving
  t.equal(await reason(), 'no-identity')
  await answerIssue(peer)
  await plane.said(/new certificate/)
  t.equal(await reason(), 'connection-refused')
})

t.test('one that serves is stopped by nothing that the control plane says', async t => {
  const dir = await stateDir(t)
  await writeState(dir, 'identity.json', await held())
  await writeState(dir, 'snapshot.json', stored())
  const { cp, plane } = await started(t, dir)
  const first = await cp.peer()
  await first.hears('hello')
  first.says({ type: 'reject', code: 'push.token', message: 'no', violations: [], permanent: true })
  const second = await cp.peer()
  await second.welcomes()
  await plane.serving
  t.equal(await reason(), 'connection-refused')
})

t.test('one that never served gives up on what only a person can mend', async t => {
  const { cp, plane } = await started(t, await stateDir(t))
  const peer = await cp.peer()
  await peer.hears('hello')
  peer.says({ type: 'reject', code: 'push.token', message: 'no', violations: [], permanent: true })
  await t.rejects(plane.serving, { code: 'push.token', details: { permanent: true } })
})

t.test('the same fault is told once, whatever time or age is in it', async t => {
  const cp = await FakeControlPlane.start()
  cp.verdict = attempt => ({ status: 503, reason: `heard ${attempt} s ago` })
  const { plane } = await started(t, await stateDir(t), cp)
  await plane.said(/heard 1 s ago/)
  while (cp.attempts < 3) await new Promise(resolve => setTimeout(resolve, 20))
  t.notMatch(plane.log(), /heard 2 s ago/)
})

t.test('a snapshot on disk that cannot be read keeps nothing down', async t => {
  const dir = await stateDir(t)
  await writeState(dir, 'snapshot.json', {
    ...stored(),
    sections: { 'cluster/api': { digest: 'x', value: 5 } },
  })
  const { cp, plane } = await started(t, dir)
  const peer = await cp.peer()
  t.equal((await peer.welcomes()).have, null)
  await plane.said(/the last good snapshot cannot run; waiting for the control plane/)
})

function held(nowMs = Date.now()): Promise<Identity> {
  return makeIdentity(ca, { uris: URIS, nowMs })
}

function stored(): object {
  const entries = Object.entries(sections).map(([name, value]) => [name, { digest: name, value }] as const)
  return { version: { epoch: 1, revision: 7 }, sections: Object.fromEntries(entries) }
}

async function stateDir(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vmesh-dp-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function writeState(dir: string, file: string, value: unknown): Promise<void> {
  await writeFile(join(dir, file), JSON.stringify(value), { mode: 0o600 })
}

/** Why a call through the outbound did not succeed. */
async function reason(): Promise<string> {
  const { headers } = await call(outbound, '/')
  return String(headers['x-vmesh-reason'])
}

async function answerIssue(peer: FakePeer): Promise<void> {
  const { id, csr } = await peer.hears('issue')
  const { pem } = createMemberCertificate({
    issuer: ca.issuer,
    publicKey: readCsr(csr).publicKey,
    uris: URIS,
    nowMs: Date.now(),
    lifetimeMs: 86_400_000,
  })
  peer.says({ type: 'issued', id, chain: pem, uris: URIS, backend: 'ca-1', trustDomain: 'default' })
}

async function started(t: Test, dir: string, cp?: FakeControlPlane) {
  const fake = cp ?? (await FakeControlPlane.start())
  const lines: string[] = []
  const watchers = new Set<() => void>()
  const write = (line: string): void => {
    lines.push(line)
    for (const look of watchers) look()
  }
  const log = createLogger({ level: 'debug', name: 'test', to: { write } })
  const plane = new DataPlane({
    address: fake.url,
    mesh: 'default',
    name: 'web-1',
    definition: null,
    ca: fake.caPem,
    caPin: null,
    readToken: async () => 'token',
    stateDir: dir,
    drainTimeMs: 0,
    log,
    engine: createEngine({ log }),
    probeMeans: { allowsExec: false, environment: {}, systemctl: 'systemctl' },
    onState: () => {},
  })
  const serving = plane.start()
  serving.catch(() => {})
  t.teardown(async () => {
    // first: nobody is there to say goodbye to
    await fake.close()
    await plane.stop()
  })
  const logged = (): string => lines.join('')
  const said = (pattern: RegExp): Promise<void> =>
    new Promise(resolve => {
      const look = (): void => {
        if (pattern.test(logged())) resolve()
      }
      watchers.add(look)
      look()
    })
  return { cp: fake, plane: { serving, log: logged, said } }
}
