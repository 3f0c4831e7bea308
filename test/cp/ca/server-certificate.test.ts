/** The control plane's own certificate: made, kept, made anew, or the operator's own. */

import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import t from 'tap'
import { readCertificate } from '#base/x509/certificate.ts'
import { ensureServerCertificate, pinOf, readOperatorPair } from '../../../cp/ca/server-certificate.ts'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'
import { openssl } from '../../support/openssl.ts'

const DAY_MS = 24 * 3_600_000
const NAMES = { dnsNames: ['localhost', 'cp.example'], ips: ['127.0.0.1', '::1'] }

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

t.test('makes a CA and a certificate that openssl verifies for each name', async t => {
  const folder = join(t.testdir(), 'tls')
  const made = await ensureServerCertificate(folder, NAMES)
  const files = { ca: read(folder, 'ca.crt'), server: read(folder, 'server.crt') }
  const checks = [
    ['-verify_hostname', 'cp.example'],
    ['-verify_ip', '127.0.0.1'],
    ['-verify_ip', '::1'],
  ]
  for (const check of checks) {
    const args = ['verify', '-x509_strict', '-purpose', 'sslserver', ...check, '-CAfile', 'ca', 'server']
    const answer = openssl(args, files)
    t.ok(answer.ok, `${check.join(' ')}: ${answer.text}`)
  }
  t.notOk(openssl(['verify', '-verify_hostname', 'other', '-CAfile', 'ca', 'server'], files).ok)
  t.equal(made.chainPem, files.server)
  t.equal(made.caPem, files.ca)
  t.ok(made.chainPem.endsWith(files.ca), 'the CA is in the chain, for those who know only its pin')
})

t.test('keys are for the owner only, certificates for everybody', async t => {
  const folder = join(t.testdir(), 'tls')
  await ensureServerCertificate(folder, NAMES)
  const mode = (name: string) => statSync(join(folder, name)).mode & 0o777
  t.equal(mode('ca.key'), 0o600)
  t.equal(mode('server.key'), 0o600)
  t.equal(mode('ca.crt'), 0o644)
  t.equal(mode('server.crt'), 0o644)
})

t.test('a TLS client that is given ca.crt accepts the server', async t => {
  const made = await ensureServerCertificate(join(t.testdir(), 'tls'), NAMES)
  const server = createServer({ cert: made.chainPem, key: made.privateKeyPem }, socket => socket.end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = connect({ port, host: '127.0.0.1', ca: made.caPem ?? '', servername: 'localhost' })
  const [greeting] = await once(client, 'data')
  t.equal(String(greeting), 'hello')
  t.equal(client.authorized, true)
  const root = client.getPeerCertificate(true).issuerCertificate
  t.equal(
    root.fingerprint256.replaceAll(':', '').toLowerCase(),
    pinOf(made.caPem ?? ''),
    'the pin finds the CA',
  )
  client.destroy()
  server.close()
  await once(server, 'close')
})

t.test('keeps the pair over restarts', async t => {
  const folder = join(t.testdir(), 'tls')
  const first = await ensureServerCertificate(folder, NAMES)
  const reordered = { dnsNames: [...NAMES.dnsNames].reverse(), ips: [...NAMES.ips].reverse() }
  t.same(await ensureServerCertificate(folder, reordered), first)
})

t.test('makes the pair anew and keeps the CA', async t => {
  const startMs = Date.UTC(2030, 0, 1)
  const cases: Record<string, (folder: string) => readonly [names: typeof NAMES, nowMs: number]> = {
    'when the machine has another name': () => [
      { ...NAMES, dnsNames: ['localhost', 'new.example'] },
      startMs,
    ],
    'at half of its life': () => [NAMES, startMs + 183 * DAY_MS],
    'when the certificate is damaged': folder => {
      writeFileSync(join(folder, 'server.crt'), 'nonsense')
      return [NAMES, startMs]
    },
    'when the key is of another certificate': folder => {
      writeFileSync(join(folder, 'server.key'), read(folder, 'ca.key'))
      return [NAMES, startMs]
    },
  }
  for (const [name, change] of Object.entries(cases)) {
    await t.test(name, async t => {
      const folder = join(t.testdir(), 'tls')
      const first = await ensureServerCertificate(folder, NAMES, startMs)
      const [names, nowMs] = change(folder)
      const second = await ensureServerCertificate(folder, names, nowMs)
      t.not(second.chainPem, first.chainPem)
      t.equal(second.caPem, first.caPem)
      t.same([...readCertificate(second.chainPem).dnsNames].sort(), [...names.dnsNames].sort())
      t.ok((second.renewAtMs ?? 0) > nowMs)
    })
  }
  await t.test('but not a day before half of its life', async t => {
    const folder = join(t.testdir(), 'tls')
    const first = await ensureServerCertificate(folder, NAMES, startMs)
    t.equal((await ensureServerCertificate(folder, NAMES, startMs + 181 * DAY_MS)).chainPem, first.chainPem)
  })
})

t.test('never replaces a CA that is damaged, half gone or expired', async t => {
  const startMs = Date.UTC(2030, 0, 1)
  const cases: Record<string, (folder: string) => Promise<number>> = {
    'ca.key is missing': async folder => {
      await rm(join(folder, 'ca.key'))
      return startMs
    },
    'ca.crt is missing': async folder => {
      await rm(join(folder, 'ca.crt'))
      return startMs
    },
    'cannot be used': async folder => {
      writeFileSync(join(folder, 'ca.crt'), read(folder, 'ca.crt').slice(0, 300))
      return startMs
    },
    'expired at 2039-12-30': async () => startMs + 3650 * DAY_MS,
  }
  for (const [message, damage] of Object.entries(cases)) {
    const folder = join(t.testdir(), 'tls')
    await ensureServerCertificate(folder, NAMES, startMs)
    const nowMs = await damage(folder)
    const fault = { code: 'ca.server-ca', message: new RegExp(message) }
    await t.rejects(ensureServerCertificate(folder, NAMES, nowMs), fault, message)
    await rm(folder, { recursive: true })
  }
})

t.test('starts again after a crash in the middle of the first start', async t => {
  const folder = t.testdir({ 'ca.key': 'half of it' })
  const made = await ensureServerCertificate(folder, NAMES)
  t.equal(made.caPem, read(folder, 'ca.crt'))
})

t.test("takes the operator's own pair, and says what is wrong with one", async t => {
  const ca = await makeMeshCa('corp', { nowMs: Date.UTC(2030, 0, 1) })
  const own = await makeIdentity(ca, { nowMs: Date.UTC(2030, 0, 1), lifetimeMs: DAY_MS })
  const other = await makeIdentity(ca, { nowMs: Date.UTC(2030, 0, 1) })
  const pair = {
    certFile: 'cp.crt',
    certPem: own.chainPem + ca.rootPem,
    keyFile: 'cp.key',
    keyPem: own.privateKeyPem,
  }
  const nowMs = Date.UTC(2030, 0, 1, 12)
  const taken = readOperatorPair(pair, nowMs)
  t.equal(taken.chainPem, own.chainPem + ca.rootPem)
  t.equal(taken.renewAtMs, null)
  t.equal(taken.notAfterMs, Date.UTC(2030, 0, 2))

  const fault = (message: RegExp) => ({ code: 'ca.server-pair', message })
  t.throws(
    () => readOperatorPair({ ...pair, keyPem: other.privateKeyPem }, nowMs),
    fault(/cp\.key is not that of .*cp\.crt/),
  )
  t.throws(
    () => readOperatorPair({ ...pair, certPem: 'x' }, nowMs),
    fault(/^cp\.crt: .*no CERTIFICATE block/),
  )
  t.throws(() => readOperatorPair({ ...pair, keyPem: 'x' }, nowMs), fault(/^cp\.key: .*cannot be read/))
  t.throws(() => readOperatorPair(pair, nowMs + DAY_MS), fault(/cp\.crt expired at 2030-01-02T00:00:00/))
  t.throws(() => readOperatorPair(pair, nowMs - DAY_MS), fault(/not valid before 2029-12-31T23:50:00/))
})

t.test('the pin is the fingerprint that openssl prints', async t => {
  const ca = await makeMeshCa()
  const printed = openssl(['x509', '-noout', '-fingerprint', '-sha256', '-in', 'c'], { c: ca.rootPem }).text
  t.equal(pinOf(ca.rootPem), printed.split('=')[1]?.trim().replaceAll(':', '').toLowerCase())
})
