/** Tokens without a control plane: signed here, accepted there; keys and certificates; what a token says. */
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Tokens } from '../../../cp/auth/tokens.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { secretDraft, secretKey } from '../../../cp/store/secrets.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const run = (argv: readonly string[], input = '') => runVmeshctl(argv, { home: '/nowhere', input })
const home = t.testdir()
const key = join(home, 'key.pem')
const pem = (await run(['generate', 'signing-key', '--format=pem'])).out
writeFileSync(key, pem)
const NOW_MS = Date.parse('2026-01-02T04:04:05Z')

t.test('a token signed here is accepted by a control plane that has the key', async t => {
  const store = createMemoryStore()
  t.teardown(() => store.close())
  for (const [mesh, name] of [
    ['default', 'dataplane-token-signing-key-default-3'],
    ['', 'user-token-signing-key-3'],
  ] as const) {
    await store.commit([{ op: 'put', resource: secretDraft(secretKey(mesh, name), pem) }])
  }
  const tokens = new Tokens(store, () => NOW_MS)
  const signing = ['--signing-key-path', key, '--kid=3', '--valid-for=1h']
  const tags = ['--tag=kuma.io/service=web', '--tag=kuma.io/service=api']
  const dataplane = await run(['generate', 'dataplane-token', '--name=web-1', ...tags, ...signing])
  t.match(await tokens.verifyDataplaneToken(dataplane.out.trim(), 'default'), {
    name: 'web-1',
    mesh: 'default',
    tags: { 'kuma.io/service': ['web', 'api'] },
  })
  const user = await run(['generate', 'user-token', '--name=jo', '--group=admins', ...signing])
  t.same(await tokens.verifyUserToken(user.out.trim()), { name: 'jo', groups: ['admins'] })
  const late = new Tokens(store, () => NOW_MS + 3_600_000)
  await t.rejects(late.verifyUserToken(user.out.trim()), /expired at/)
})

t.test('the claims are those of Kuma, all of them and empty ones too', async t => {
  const signing = ['--signing-key-path', key, '--kid=1', '--valid-for=1h']
  const times = { iat: NOW_MS / 1000 - 5, nbf: NOW_MS / 1000 - 5, exp: NOW_MS / 1000 + 3600 }
  const cases: readonly (readonly [readonly string[], object])[] = [
    [['dataplane-token', '-m', 'm2'], { Name: '', Mesh: 'm2', Tags: {}, Type: 'dataplane', Workload: '' }],
    [['zone-token', '--zone=east'], { Zone: 'east', Scope: ['ingress', 'egress'] }],
    [['zone-token', '--scope=egress'], { Zone: '', Scope: ['egress'] }],
    [['zone-ingress-token', '--zone=east'], { Zone: 'east' }],
    [['user-token', '--name=jo'], { Name: 'jo', Groups: null }],
  ]
  for (const [argv, claims] of cases) {
    const { out } = await run(['generate', ...argv, ...signing])
    const [header, payload] = out.split('.').map(part => Buffer.from(part, 'base64url').toString())
    t.same(JSON.parse(header ?? ''), { alg: 'RS256', kid: '1', typ: 'JWT' })
    const { jti, ...rest } = JSON.parse(payload ?? '')
    t.same(rest, { ...claims, ...times }, argv.join(' '))
    t.match(jti, /^[0-9a-f-]{36}$/)
  }
})

t.test('says what is wrong with a key or its options', async t => {
  const base64 = join(home, 'base64')
  writeFileSync(base64, (await run(['generate', 'signing-key'])).out)
  t.match(Buffer.from(readFileSync(base64, 'utf8'), 'base64').toString(), /^-----BEGIN RSA PRIVATE KEY-----/)
  const ec = join(home, 'ec')
  await run([
    'generate',
    'tls-certificate',
    '--type=client',
    '--key-type=ecdsa',
    `--key-file=${ec}`,
    `--cert-file=${ec}.crt`,
  ])
  writeFileSync(join(home, 'torn'), pem.slice(0, 300))
  const token = ['generate', 'user-token', '--name=x', '--valid-for=1h']
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      ['generate', 'public-key', '--signing-key-path', base64],
      78,
      /provided file is not a PEM-encoded signing key/,
    ],
    [[...token, '--kid=1', '--signing-key-path', ec], 78, /holds no RSA key of at least 2048 bits/],
    [[...token, '--kid=1', '--signing-key-path', join(home, 'torn')], 78, /no private key that can be read/],
    [[...token, '--kid=1', '--signing-key-path', join(home, 'none')], 78, /cannot be read/],
    [[...token, '--signing-key-path', key], 64, /needs --kid/],
    [[...token, '--kid=1'], 64, /--kid goes with --signing-key-path/],
    [['generate', 'user-token', '--name=x'], 64, /required flag\(s\) "valid-for" not set/],
  ]
  for (const [argv, code, err] of cases) t.match(await run(argv), { code, out: '', err }, argv.join(' '))
  t.match(
    (await run(['generate', 'public-key', '--signing-key-path', key])).out,
    /^-----BEGIN PUBLIC KEY-----/,
  )
})

t.test('makes a certificate for its names, and keeps files that are there', async t => {
  const [keyFile, certFile] = [join(home, 'tls.key'), join(home, 'tls.crt')]
  const make = [
    'generate',
    'tls-certificate',
    '--type=server',
    `--key-file=${keyFile}`,
    `--cert-file=${certFile}`,
  ]
  const names = ['--hostname=cp.example.com', '--hostname=10.0.0.1']
  t.match(await run([...make]), { code: 64, err: /give the name of the server with --hostname/ })
  t.match(await run([...make, ...names]), {
    code: 0,
    out: '',
    err: /Private key saved in .*\nCertificate saved in/,
  })
  const certificate = new X509Certificate(readFileSync(certFile))
  t.equal(certificate.subjectAltName, 'DNS:cp.example.com, IP Address:10.0.0.1')
  t.ok(certificate.checkHost('cp.example.com'))
  t.equal(statSync(keyFile).mode & 0o777, 0o600)
  t.match(await run([...make, ...names]), {
    code: 1,
    err: /tls\.key exists already; replace it with --overwrite/,
  })
  t.match(await run([...make, ...names, '--overwrite']), { code: 0 })
  const printed = await run(['generate', 'tls-certificate', '--type=client', '--key-file=-', '--cert-file=-'])
  t.match(printed.out, /^-----BEGIN PRIVATE KEY-----[\s\S]*-----BEGIN CERTIFICATE-----/)
  t.notOk(existsSync('-'))
})

t.test('token inspect says for whom and until when, and checks nothing', async t => {
  const signing = ['--signing-key-path', key, '--kid=1', '--valid-for=48h']
  const token = (await run(['generate', 'user-token', '--name=jo', '--group=a', ...signing])).out
  const { code, out } = await run(['token', 'inspect'], `Bearer ${token}`)
  t.equal(code, 0)
  t.match(
    out,
    /^kind {8}user token\nName {8}jo\nGroups {6}\["a"\]\njti {9}[0-9a-f-]{36}\nalgorithm {3}RS256\nkey {9}1\nissued {6}2026-01-02T04:04:00\.000Z\nnot before {2}2026-01-02T04:04:00\.000Z\nexpires {5}2026-01-04T04:04:05\.000Z\nvalidity {4}valid for another 2d\nsignature {3}not checked\n$/,
  )
  writeFileSync(join(home, 'token'), token)
  t.match(JSON.parse((await run(['token', 'inspect', join(home, 'token'), '-o', 'json'])).out), {
    claims: { Name: 'jo' },
    isValidNow: true,
  })
  const at = (nowMs: number) => runVmeshctl(['token', 'inspect'], { home, input: token, nowMs: () => nowMs })
  t.match(await at(NOW_MS + 49 * 3_600_000), { code: 1, out: /validity {4}expired 1h ago/ })
  t.match(await at(NOW_MS - 65_000), { code: 1, out: /validity {4}not valid for another 1m/ })
  for (const input of ['', 'x', 'a.b.c', `${token.split('.')[0]}.e30`]) {
    t.match(await run(['token', 'inspect', '-'], input), { code: 78, err: /standard input holds no token/ })
  }
  t.match(await run(['token', 'inspect', join(home, 'none')]), { code: 78, err: /cannot be read/ })
})
