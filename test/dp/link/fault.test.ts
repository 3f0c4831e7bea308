/** Promises of dp/link/fault.ts and pin.ts: each reason for having no control plane is one sentence with what to do. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import { readCertificate } from '#base/x509/certificate.ts'
import type { LinkFault } from '../../../dp/link/fault.ts'
import { faultOfRefusal } from '../../../dp/link/fault.ts'
import { Link } from '../../../dp/link/link.ts'
import { pinCheck } from '../../../dp/link/pin.ts'
import { FakeControlPlane } from '../../support/fake-control-plane.ts'
import { freePorts } from '../../support/ports.ts'

type Test = import('tap').Test

const DAY_MS = 86_400_000
const THIS_CLOCK = /by the clock of this machine \(\d{4}-.*check the clocks of both/

t.test('a clock that is off: the certificate is not valid yet, or expired', async t => {
  for (const [nowMs, code] of [
    [Date.now() + DAY_MS, /not valid yet by the clock/],
    [Date.now() - 2 * 365 * DAY_MS, /expired by the clock/],
  ] as const) {
    const cp = await fake(t, { nowMs })
    const fault = await faultOf(t, cp)
    t.match(fault, { permanent: false, message: code })
    t.match(fault.message, THIS_CLOCK)
  }
})

t.test('with a pin too a clock that is off is no lasting fault', async t => {
  const cp = await fake(t, { nowMs: Date.now() - 2 * 365 * DAY_MS })
  const fault = await faultOf(t, cp, { pin: pinOf(cp) })
  t.match(fault, { code: 'link.clock', permanent: false, message: THIS_CLOCK })
})

t.test('a wrong CA and a wrong pin are for a person to mend', async t => {
  const cp = await fake(t)
  const other = await fake(t)
  t.match(await faultOf(t, cp, { ca: other.caPem }), {
    code: 'link.wrong-ca',
    permanent: true,
    message: /not signed by the CA given here .*--ca-cert-file.*--ca-cert-sha256/,
  })
  t.match(await faultOf(t, cp, { pin: '0'.repeat(64) }), {
    code: 'link.wrong-ca',
    permanent: true,
    message: /not the pinned one/,
  })
})

t.test('a certificate for another name says how to add the name', async t => {
  const cp = await fake(t, { names: ['elsewhere'] })
  const expected = {
    code: 'link.wrong-name',
    permanent: true,
    message: /does not name 127\.0\.0\.1; start vmesh-cp with --tls-san=127\.0\.0\.1/,
  }
  t.match(await faultOf(t, cp), expected)
  t.match(await faultOf(t, cp, { pin: pinOf(cp) }), expected)
})

t.test('a CA file that cannot be read as a certificate is a fault, not a crash', async t => {
  const cp = await fake(t)
  const broken = cp.caPem.replace(/\n[A-Za-z0-9+/]{10}/, '\nAAAAAAAAAA')
  t.match(await faultOf(t, cp, { ca: broken }), { permanent: true })
})

t.test('nobody there and no such name will pass', async t => {
  const cp = await fake(t)
  const [port = 0] = await freePorts(1)
  t.match(await faultOf(t, cp, { address: new URL(`https://127.0.0.1:${port}`) }), {
    permanent: false,
    message: /nothing listens there; is vmesh-cp running\?/,
  })
  t.match(await faultOf(t, cp, { address: new URL('https://nowhere.invalid:5678') }), {
    permanent: false,
    message: /nowhere\.invalid/,
  })
})

t.test('a server that is no control plane', async t => {
  const address = new URL('https://cp:5682')
  t.match(faultOfRefusal(503, 'starting', address), { permanent: false, message: /starting/ })
  t.match(faultOfRefusal(500, '', address), { permanent: false })
})

t.test('the ports of the HTTP API are told from that for data planes', async t => {
  const cp = await fake(t)
  const help = /give the port for data planes \(5678, dpServer\.port\) as --cp-address/
  cp.verdict = () => ({ status: 404, reason: '404: Page Not Found' })
  const https = await faultOf(t, cp)
  t.match(https, { code: 'link.wrong-port', permanent: true, message: help })
  t.match(https.message, `${cp.url.origin} is no port for data planes: it answers "404: Page Not Found"`)
  const plain = createServer()
  await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve))
  t.teardown(() => plain.close())
  const { port } = plain.address() as AddressInfo
  for (const options of [{}, { pin: pinOf(cp) }]) {
    const http = await faultOf(t, cp, { ...options, address: new URL(`https://127.0.0.1:${port}`) })
    t.match(http, { code: 'link.wrong-port', permanent: true, message: help })
    t.match(http.message, `https://127.0.0.1:${port}: it does not speak TLS there`)
  }
})

t.test('a pin that is none is refused at once', async t => {
  t.throws(() => pinCheck('abc', 'localhost'), { code: 'link.bad-pin', details: { permanent: true } })
})

async function fake(
  t: Test,
  options: { readonly nowMs?: number; readonly names?: readonly string[] } = {},
): Promise<FakeControlPlane> {
  const cp = await FakeControlPlane.start(options)
  t.teardown(() => cp.close())
  return cp
}

function pinOf(cp: FakeControlPlane): string {
  return readCertificate(cp.caPem).fingerprintSha256
}

/** The first fault of a link to it. */
async function faultOf(
  t: Test,
  cp: FakeControlPlane,
  options: { readonly ca?: string; readonly pin?: string; readonly address?: URL } = {},
): Promise<LinkFault> {
  const told = Promise.withResolvers<LinkFault>()
  const { pin, ca = cp.caPem, address = cp.url } = options
  const link = new Link({
    address,
    mesh: 'default',
    name: 'web-1',
    ca: pin === undefined ? ca : null,
    checkPin: pin === undefined ? null : pinCheck(pin, address.hostname),
    readToken: async () => 'token',
    hello: { instance: 'vm-1', incarnation: 1, dataplane: null, dpVersion: '0', features: [], host: 'vm' },
    stored: null,
    log: silentLogger(),
    apply: async () => ({ ok: true }),
    answer: () => ({ version: '', sections: {} }),
    onFault: fault => told.resolve(fault),
    onConnected: () => told.reject(new Error('it connected')),
  })
  t.teardown(() => link.stop())
  link.start()
  return told.promise
}
