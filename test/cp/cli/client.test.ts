/** The road to the control plane: TLS, tokens, and one clear sentence for every way in which it fails. */

import { createPrivateKey } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { createCertificate, generateKeyPair } from '#base/x509/certificate.ts'
import { startFakeApi } from '../../support/fake-api.ts'
import { freePorts } from '../../support/ports.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const DAY_MS = 86_400_000

async function selfSigned(validity: { fromMs: number; ips?: readonly string[] }) {
  const { privateKeyPem } = await generateKeyPair()
  const cert = createCertificate({
    signer: createPrivateKey(privateKeyPem),
    subject: [['CN', 'cp']],
    notBeforeMs: validity.fromMs,
    notAfterMs: validity.fromMs + 10 * DAY_MS,
    ca: {},
    keyUsage: ['keyCertSign', 'digitalSignature'],
    ips: validity.ips ?? ['127.0.0.1'],
  })
  return { cert, key: privateKeyPem }
}

t.test('trusts the CA it is given, and tells how to get one otherwise', async t => {
  const tls = await selfSigned({ fromMs: Date.now() - DAY_MS })
  const api = await startFakeApi({ tls, token: 'x' })
  t.teardown(() => api.close())
  const home = t.testdir({ 'ca.crt': tls.cert, token: 'x\n', empty: '', two: 'a b' })
  const run = (...argv: string[]) => runVmeshctl(['get', 'meshes', '--address', api.url, ...argv], { home })
  const ca = ['--ca-cert-file', join(home, 'ca.crt')]
  const token = ['--token-file', join(home, 'token')]
  t.match(await run(...ca, ...token), { code: 0, out: /default/, err: '' })
  t.match(await run(...token), {
    code: 78,
    err: /its certificate is not signed by a CA that is trusted here; copy DATA\/tls\/ca\.crt .* --ca-cert-file/,
  })
  t.match(await run(...ca), { code: 78, err: /Unauthenticated\)\nThe token is wrong, expired or revoked/ })
  t.match(await run(...ca, '--token-file', join(home, 'none')), {
    code: 78,
    err: /--token-file .*none cannot be read/,
  })
  t.match(await run(...ca, '--token-file', join(home, 'empty')), { code: 78, err: /it is empty/ })
  t.match(await run(...ca, '--token-file', join(home, 'two')), {
    code: 78,
    err: /something else than one token/,
  })
  t.match(await run('--ca-cert-file', join(home, 'token')), {
    code: 78,
    err: /does not hold what is expected/,
  })
})

t.test('says that a certificate is for other names, or for another time', async t => {
  const cases = [
    [await selfSigned({ fromMs: Date.now() - DAY_MS, ips: ['10.9.8.7'] }), /is for other names/],
    [await selfSigned({ fromMs: Date.now() - 20 * DAY_MS }), /not valid at this time; check the clock/],
    [await selfSigned({ fromMs: Date.now() + 5 * DAY_MS }), /not valid at this time; check the clock/],
  ] as const
  for (const [tls, err] of cases) {
    const api = await startFakeApi({ tls })
    const home = t.testdir({ 'ca.crt': tls.cert })
    const argv = ['get', 'meshes', '--address', api.url, '--ca-cert-file', join(home, 'ca.crt')]
    t.match(await runVmeshctl(argv, { home }), { code: 78, err })
    await api.close()
  }
})

t.test('tells apart what a person mends and what goes away', async t => {
  const api = await startFakeApi()
  const [free = 0] = await freePorts(1)
  const mute = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => mute.once('listening', resolve))
  const cutting = createServer(socket => socket.resetAndDestroy()).listen(0, '127.0.0.1')
  await new Promise(resolve => cutting.once('listening', resolve))
  t.teardown(() => {
    mute.close()
    cutting.close()
    return api.close()
  })
  const portOf = (server: typeof mute): number => (server.address() as AddressInfo).port
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      [`http://127.0.0.1:${free}`],
      75,
      /cannot reach the control plane at http:\S+: nobody listens there; is it running/,
    ],
    [['http://no.such.host.invalid'], 75, /there is no host of that name|cannot be looked up now/],
    [
      [`http://127.0.0.1:${portOf(mute)}`, '--api-timeout=50ms'],
      75,
      /no answer in 0\.05 s; try again, or raise --api-timeout/,
    ],
    [[`http://127.0.0.1:${portOf(cutting)}`], 75, /cannot reach/],
    [[api.url.replace('http', 'https')], 78, /it does not speak TLS; begin the address with http:/],
    [['localhost:5681'], 78, /is not the address of a control plane; give http:/],
    [['http://h', '--api-timeout=5'], 78, /--api-timeout 5 is not a duration/],
  ]
  for (const [[address = '', ...more], code, err] of cases) {
    const ran = await runVmeshctl(['get', 'meshes', '--address', address, ...more], { home: '/nowhere' })
    t.match(ran, { code, err, out: '' }, address)
    t.equal(ran.err.trim().split('\n').length, 1, 'one sentence')
  }
})

t.test('prints refusals that are no JSON as they are', async t => {
  const api = await startFakeApi()
  t.teardown(() => api.close())
  for (const [status, body, code, err] of [
    [405, '405: Method Not Allowed', 1, 'Error: (405): 405: Method Not Allowed\n'],
    [502, '', 1, 'Error: (502): no explanation\n'],
    [
      403,
      { title: 'Access Denied', detail: 'no' },
      78,
      /^Error: Access Denied \(no\)\nThis needs more rights/,
    ],
  ] as const) {
    api.override = () => ({ status, body })
    t.match(await runVmeshctl(['get', 'meshes', '--address', api.url], { home: '/nowhere' }), { code, err })
  }
})
