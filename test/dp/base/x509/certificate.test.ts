/** Keys, requests and certificates, each also read by openssl. */
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import t from 'tap'
import {
  createCertificate,
  createCsr,
  generateKeyPair,
  type Issuer,
  readCertificate,
  readCsr,
  readIssuer,
  readPrivateKey,
  splitChain,
} from '#base/x509/certificate.ts'
import { openssl } from '../../../support/openssl.ts'

const HOUR_MS = 3_600_000
const now = Math.floor(Date.now() / 1000) * 1000

async function makeCa(name: string): Promise<Issuer> {
  const { privateKeyPem } = await generateKeyPair()
  const certificatePem = createCertificate({
    signer: readPrivateKey(privateKeyPem),
    subject: [
      ['O', 'Kuma'],
      ['OU', 'Mesh'],
      ['CN', name],
    ],
    uris: [`spiffe://${name}`],
    notBeforeMs: now - HOUR_MS,
    notAfterMs: now + HOUR_MS,
    ca: { pathLength: 0 },
    keyUsage: ['keyCertSign', 'cRLSign'],
  })
  return readIssuer(certificatePem, privateKeyPem)
}

function makeLeaf(
  signer: Issuer,
  csrPem: string,
  names: { uris?: string[]; dnsNames?: string[]; ips?: string[] },
) {
  return createCertificate({
    signer,
    publicKey: readCsr(csrPem).publicKey,
    subject: [],
    ...names,
    notBeforeMs: now - HOUR_MS,
    notAfterMs: now + HOUR_MS,
    keyUsage: ['digitalSignature', 'keyAgreement'],
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
  })
}

t.test('makes P-256 keys that openssl reads', async t => {
  const { privateKeyPem, publicKeyPem } = await generateKeyPair()
  const answer = openssl(['pkey', '-in', 'key.pem', '-noout', '-text'], { 'key.pem': privateKeyPem })
  t.match(answer.text, /NIST CURVE: P-256/)
  t.match(privateKeyPem, /BEGIN PRIVATE KEY/)
  t.ok(createPublicKey(publicKeyPem).equals(createPublicKey(privateKeyPem)))
})

t.test('makes requests that openssl verifies and that hold no name', async t => {
  const { privateKeyPem } = await generateKeyPair()
  const answer = openssl(['req', '-verify', '-noout', '-text', '-in', 'r'], { r: createCsr(privateKeyPem) })
  t.ok(answer.ok)
  t.match(answer.text, /self-signature verify OK/)
  t.match(answer.text, /Subject: *\n/)
})

t.test('reads the public key of requests made by openssl, whatever names are in it', async t => {
  const keys = {
    p256: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    rsa: ['rsa:2048'],
  }
  for (const [name, algorithm] of Object.entries(keys)) {
    const made = openssl([
      ...['req', '-new', '-nodes', '-keyout', '-', '-newkey', ...algorithm],
      ...['-subj', '/CN=admin', '-addext', 'subjectAltName=URI:spiffe://default/other'],
    ])
    const key = /-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----/.exec(made.text)?.[0] ?? ''
    t.ok(readCsr(made.text).publicKey.equals(createPublicKey(key)), name)
  }
})

t.test('refuses requests that are damaged, forged or signed with a weak key', async t => {
  const good = createCsr((await generateKeyPair()).privateKeyPem)
  const other = createCsr((await generateKeyPair()).privateKeyPem)
  t.throws(() => readCsr(good + ' '.repeat(65_536)), { code: 'x509.bad-csr', message: /longer than/ })
  t.throws(() => readCsr('no PEM at all'), { code: 'x509.bad-csr', message: /no CERTIFICATE REQUEST block/ })
  t.throws(() => readCsr(withDer(good, der => der.subarray(0, 40))), { code: 'x509.bad-csr' })
  t.throws(() => readCsr(withDer(good, der => Buffer.concat([der, Buffer.from([0])]))), {
    code: 'x509.bad-csr',
  })
  t.throws(() => readCsr(withDer(good, der => withKeyOf(der, derOfPem(other)))), {
    code: 'x509.bad-csr',
    message: /signature is wrong/,
  })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  for (const key of [p384, rsa1024]) {
    const csr = createCsr(key.export({ type: 'pkcs8', format: 'pem' }).toString())
    t.throws(() => readCsr(csr), { code: 'x509.weak-key' })
  }
})

t.test('makes chains that openssl verifies strictly', async t => {
  const ca = await makeCa('default')
  const leaf = makeLeaf(ca, createCsr((await generateKeyPair()).privateKeyPem), {
    uris: ['spiffe://default/web', 'kuma://kuma.io/zone/default'],
    dnsNames: ['web.local'],
    ips: ['10.0.0.7', '2001:db8::5'],
  })
  const files = { 'ca.pem': ca.certificatePem, 'leaf.pem': leaf }
  for (const purpose of ['sslserver', 'sslclient']) {
    const answer = openssl(
      ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.pem', 'leaf.pem'],
      files,
    )
    t.ok(answer.ok, answer.text)
  }
  const foreign = await makeCa('default')
  const refused = openssl(['verify', '-CAfile', 'ca.pem', 'leaf.pem'], {
    'ca.pem': foreign.certificatePem,
    'leaf.pem': leaf,
  })
  t.notOk(refused.ok, 'another CA of the same name does not verify it')

  const { text } = openssl(['x509', '-noout', '-text', '-in', 'leaf.pem'], files)
  t.match(text, /Issuer: O = Kuma, OU = Mesh, CN = default/)
  t.match(text, /Subject: *\n/)
  t.match(text, /Signature Algorithm: ecdsa-with-SHA256/)
  t.match(text, /Basic Constraints: critical\s+CA:FALSE/)
  t.match(text, /Key Usage: critical\s+Digital Signature, Key Agreement\n/)
  t.match(text, /TLS Web Server Authentication, TLS Web Client Authentication/)
  t.match(
    text,
    /Alternative Name: critical\s+URI:spiffe:\/\/default\/web, URI:kuma:\/\/kuma.io\/zone\/default/,
  )
  t.match(text, /DNS:web.local, IP Address:10.0.0.7, IP Address:2001:DB8:0:0:0:0:0:5/)
  const caText = openssl(['x509', '-noout', '-text', '-in', 'ca.pem'], files).text
  t.match(caText, /CA:TRUE, pathlen:0/)
  t.match(caText, /Certificate Sign, CRL Sign/)
  t.equal(keyId(text, 'Authority'), keyId(caText, 'Subject'))
})

t.test('signs with an RSA CA that openssl made', async t => {
  const made = openssl([
    ...['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-keyout', '-', '-subj', '/O=Corp/CN=Root'],
    ...['-addext', 'keyUsage=critical,keyCertSign'],
  ]).text
  const key = /-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----/.exec(made)?.[0] ?? ''
  const [root = ''] = splitChain(made)
  const ca = readIssuer(root, key)
  const leaf = makeLeaf(ca, createCsr((await generateKeyPair()).privateKeyPem), { uris: ['spiffe://m/s'] })
  const files = { 'ca.pem': ca.certificatePem, 'leaf.pem': leaf }
  t.ok(openssl(['verify', '-x509_strict', '-CAfile', 'ca.pem', 'leaf.pem'], files).ok)
})

t.test('reads back what it wrote', async t => {
  const ca = await makeCa('default')
  const csr = createCsr((await generateKeyPair()).privateKeyPem)
  const names = {
    uris: ['spiffe://default/a,URI:spiffe://default/admin', 'kuma://team/x'],
    dnsNames: ['a.b', 'localhost'],
    ips: ['127.0.0.1', '::1', 'fe80::1:2', '::ffff:1.2.3.4'],
  }
  const pem = makeLeaf(ca, csr, names)
  const leaf = readCertificate(pem)
  t.same(leaf.uris, names.uris, 'a comma in a name does not make a second name')
  t.same(leaf.dnsNames, names.dnsNames)
  t.same(leaf.ips, names.ips)
  t.equal(leaf.notBeforeMs, now - HOUR_MS)
  t.equal(leaf.notAfterMs, now + HOUR_MS)
  t.equal(leaf.isCa, false)
  t.equal(leaf.subject, '')
  t.equal(leaf.issuer, 'O=Kuma, OU=Mesh, CN=default')
  t.same(leaf.keyUsage, ['digitalSignature', 'keyAgreement'])
  t.ok(leaf.publicKey.equals(readCsr(csr).publicKey))
  const fingerprint = openssl(['x509', '-noout', '-fingerprint', '-sha256', '-in', 'c'], { c: pem }).text
  t.equal(leaf.fingerprintSha256, fingerprint.split('=')[1]?.trim().replaceAll(':', '').toLowerCase())
  t.equal(readCertificate(ca.certificatePem).isCa, true)
})

t.test('gives each certificate a positive serial of 128 bits of its own', async t => {
  const ca = await makeCa('default')
  const csr = createCsr((await generateKeyPair()).privateKeyPem)
  const make = () => new X509Certificate(makeLeaf(ca, csr, { uris: ['spiffe://m/s'] })).serialNumber
  const serials = Array.from({ length: 50 }, make)
  t.equal(new Set(serials).size, serials.length)
  t.ok(serials.every(serial => serial.length === 32 && Number.parseInt(serial.slice(0, 2), 16) < 0x80))
})

t.test('writes validity beyond 2049 as openssl reads it', async t => {
  const { privateKeyPem } = await generateKeyPair()
  const notAfterMs = Date.UTC(2061, 6, 5, 4, 3, 2)
  const pem = createCertificate({
    signer: readPrivateKey(privateKeyPem),
    subject: [['CN', 'old']],
    notBeforeMs: Date.UTC(2049, 11, 31, 23, 59, 59),
    notAfterMs,
    keyUsage: [],
  })
  t.match(openssl(['x509', '-noout', '-dates', '-in', 'c'], { c: pem }).text, /Jul +5 04:03:02 2061 GMT/)
  t.equal(readCertificate(pem).notAfterMs, notAfterMs)
})

t.test('refuses names that a certificate cannot carry', async t => {
  const ca = await makeCa('default')
  const csr = createCsr((await generateKeyPair()).privateKeyPem)
  const bad = [
    { uris: ['spiffe://m/ü'] },
    { uris: [''] },
    { dnsNames: ['a b'] },
    { ips: ['1.2.3'] },
    { ips: ['fe80::1%eth0'] },
  ]
  for (const names of bad) t.throws(() => makeLeaf(ca, csr, names), { code: 'x509.bad-name' })
})

t.test('says what is wrong with keys and certificates that do not fit', async t => {
  const ca = await makeCa('default')
  const { privateKeyPem } = await generateKeyPair()
  t.throws(() => readIssuer(ca.certificatePem, privateKeyPem), { code: 'x509.key-mismatch' })
  t.throws(() => readIssuer('nonsense', privateKeyPem), { code: 'x509.not-a-certificate' })
  t.throws(() => readIssuer(ca.certificatePem, 'nonsense'), { code: 'x509.bad-key' })
  t.throws(() => readCertificate(privateKeyPem), { code: 'x509.not-a-certificate' })
})

t.test('splits a chain and drops the text between certificates', async t => {
  const [first, second] = [await makeCa('a'), await makeCa('b')]
  const chain = `subject=a\n${first.certificatePem}\nsubject=b\r\n${second.certificatePem}`
  t.same(splitChain(chain), [first.certificatePem, second.certificatePem])
  t.throws(() => splitChain(''), { code: 'x509.not-a-certificate' })
})

function derOfPem(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64')
}

function withDer(pem: string, change: (der: Buffer) => Buffer): string {
  const label = 'CERTIFICATE REQUEST'
  return `-----BEGIN ${label}-----\n${change(derOfPem(pem)).toString('base64')}\n-----END ${label}-----\n`
}

/** Puts the public key of another request into this one; both keys are 65 bytes on P-256. */
function withKeyOf(der: Buffer, other: Buffer): Buffer {
  const marker = Buffer.from([0x03, 0x42, 0x00, 0x04])
  const changed = Buffer.from(der)
  const from = other.indexOf(marker)
  other.copy(changed, changed.indexOf(marker), from, from + 68)
  return changed
}

function keyId(text: string, whose: 'Subject' | 'Authority'): string | undefined {
  return new RegExp(`${whose} Key Identifier: *\\n *([0-9A-F:]+)`).exec(text)?.[1]
}
