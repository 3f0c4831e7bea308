/** Promises of dp/link/identity-keeper.ts: the identity is there in time, and who runs out of it is told. */
import t from 'tap'
import { createLogger } from '#base/log.ts'
import { readCsr } from '#base/x509/certificate.ts'
import type { Identity, IdentityConfig } from '#contract/identity.ts'
import type { Issued } from '#contract/messages.ts'
import { createMemberCertificate } from '../../../cp/ca/member-certificate.ts'
import { IdentityKeeper } from '../../../dp/link/identity-keeper.ts'
import { makeIdentity, makeMeshCa, type TestCa } from '../../support/certificates.ts'
import { TestClock } from '../../support/keeper-clock.ts'

const HOUR_MS = 3_600_000
const LIFE_MS = 100 * HOUR_MS
const WANTED: IdentityConfig = { trustDomain: 'default', backend: 'ca-1', uris: ['spiffe://default/web'] }
const ca = await makeMeshCa()

t.test('what is held and good is not asked for', async t => {
  const one = keeping({ held: await held() })
  await one.keeper.ensure(WANTED, [ca.rootPem])
  t.equal(one.asked, 0)
})

t.test('asks for other names, another backend, another CA, and when the one it holds is over', async t => {
  const otherCa = await makeMeshCa()
  for (const [config, roots, identity] of [
    [{ ...WANTED, uris: ['spiffe://default/web', 'spiffe://default/web2'] }, [ca.rootPem], await held()],
    [{ ...WANTED, backend: 'ca-2' }, [ca.rootPem], await held()],
    [WANTED, [otherCa.rootPem], await held()],
    [WANTED, [ca.rootPem], await held({ nowMs: Date.now() - 2 * LIFE_MS })],
    [WANTED, [ca.rootPem], null],
  ] as const) {
    const one = keeping({ held: identity })
    one.config = config
    await one.keeper.ensure(config, roots)
    t.equal(one.asked, 1)
    t.same(one.given.at(-1)?.uris, config.uris)
  }
})

t.test('while roots are exchanged a certificate of either is good', async t => {
  const otherCa = await makeMeshCa()
  const one = keeping({ held: await held() })
  await one.keeper.ensure(WANTED, [otherCa.rootPem, ca.rootPem])
  t.equal(one.asked, 0)
})

t.test('renews at half of its life, less up to a tenth', async t => {
  for (const [randomness, atHours] of [
    [0, 50],
    [1, 40],
  ] as const) {
    const clock = new TestClock()
    clock.randomness = randomness
    const one = keeping({ held: await held(), clock })
    await one.keeper.ensure(WANTED, [ca.rootPem])
    await one.passes((atHours - 1) * HOUR_MS)
    t.equal(one.asked, 0)
    await one.passes(HOUR_MS)
    t.equal(one.asked, 1)
  }
})

t.test('notices within the hour that the machine slept past the time', async t => {
  const one = keeping({ held: await held() })
  await one.keeper.ensure(WANTED, [ca.rootPem])
  one.clock.jump(60 * HOUR_MS)
  await one.passes(HOUR_MS)
  t.equal(one.asked, 1)
})

t.test('a first certificate that is refused is asked for again, until it comes', async t => {
  const one = keeping({ held: null })
  one.isRefused = true
  await t.rejects(one.keeper.ensure(WANTED, [ca.rootPem]), /refused/)
  await one.passes(60_000)
  t.ok(one.asked > 3, `${one.asked} times in a minute`)
  t.ok(one.asked < 40, 'and less and less often')
  one.isRefused = false
  await one.passes(60_000)
  t.equal(one.given.length, 1)
})

t.test('a certificate that the engine cannot use counts as none', async t => {
  const one = keeping({ held: null })
  one.isUnusable = true
  await t.rejects(one.keeper.ensure(WANTED, [ca.rootPem]), /cannot be used/)
  t.equal(one.keeper.held, null)
  one.isUnusable = false
  await one.passes(60_000)
  t.not(one.keeper.held, null)
})

t.test(
  'warns at 50, 25 and 10 % of life and when it is over, with the reason, once each; then heals',
  async t => {
    const one = keeping({ held: await held() })
    await one.keeper.ensure(WANTED, [ca.rootPem])
    one.isConnected = false
    await one.passes(110 * HOUR_MS)
    t.same(
      one.warnings.map(({ lifeLeftPercent }) => lifeLeftPercent),
      [50, 25, 10, 0],
    )
    t.match(one.warnings[0], { reason: /no connection to the control plane/, notAfter: /^2/ })
    t.match(one.warnings.at(-1), { msg: /has expired: calls are refused/ })
    t.equal(one.asked, 0, 'without a connection no key is made')
    one.isConnected = true
    await one.keeper.ensure(WANTED, [ca.rootPem])
    t.equal(one.given.length, 1)
  },
)

t.test('an answer for the names of before does not stand for those wanted now', async t => {
  const one = keeping({ held: null })
  const gate = Promise.withResolvers<void>()
  one.gate = gate.promise
  const before = one.keeper.ensure(WANTED, [ca.rootPem])
  await one.isAsking()
  const more = { ...WANTED, uris: [...WANTED.uris, 'spiffe://default/web2'] }
  const after = one.keeper.ensure(more, [ca.rootPem])
  gate.resolve()
  await before
  one.config = more
  await after
  t.same(one.keeper.held?.uris, more.uris)
})

t.test('a mesh without mTLS needs no renewal', async t => {
  const one = keeping({ held: await held() })
  await one.keeper.ensure(WANTED, [ca.rootPem])
  one.keeper.rest()
  t.equal(one.clock.timers, 0)
})

t.test('no log line holds the key', async t => {
  const one = keeping({ held: null })
  await one.keeper.ensure(WANTED, [ca.rootPem])
  one.isRefused = true
  await one.passes(60 * HOUR_MS)
  t.notMatch(one.log, /PRIVATE KEY/)
  t.match(one.log, /new certificate/)
})

function held(options: { readonly nowMs?: number } = {}): Promise<Identity> {
  return makeIdentity(ca, { uris: WANTED.uris, lifetimeMs: LIFE_MS, ...options })
}

interface Keeping {
  readonly keeper: IdentityKeeper
  readonly clock: TestClock
  readonly given: readonly Identity[]
  readonly warnings: readonly Readonly<Record<string, unknown>>[]
  readonly log: string
  readonly asked: number
  config: IdentityConfig
  isRefused: boolean
  isConnected: boolean
  isUnusable: boolean
  /** Answers wait for it. */
  gate: Promise<void>
  isAsking(): Promise<void>
  passes(ms: number): Promise<void>
}

function keeping(options: { readonly held: Identity | null; readonly clock?: TestClock }): Keeping {
  const { clock = new TestClock() } = options
  const lines: string[] = []
  const given: Identity[] = []
  const asking = Promise.withResolvers<void>()
  let asked = 0
  const keeper = new IdentityKeeper({
    log: createLogger({ level: 'debug', name: 'test', to: { write: line => void lines.push(line) } }),
    held: options.held,
    clock,
    canIssue: () => state.isConnected,
    issue: async csr => {
      asked++
      asking.resolve()
      const { config } = state
      await state.gate
      if (state.isRefused) throw new Error('refused')
      return issue(ca, csr, config, clock.now())
    },
    onIdentity: async identity => {
      if (state.isUnusable) throw new Error('cannot be used')
      given.push(identity)
    },
  })
  const state: Keeping = {
    keeper,
    clock,
    given,
    get asked() {
      return asked
    },
    get warnings() {
      return lines.map(line => JSON.parse(line)).filter(({ level }) => level === 'warn')
    },
    get log() {
      return lines.join('')
    },
    config: WANTED,
    isRefused: false,
    isConnected: true,
    isUnusable: false,
    gate: Promise.resolve(),
    isAsking: () => asking.promise,
    passes: ms => clock.advance(ms, () => keeper.settled()),
  }
  return state
}

function issue(from: TestCa, csrPem: string, config: IdentityConfig, nowMs: number): Issued {
  const { publicKey } = readCsr(csrPem)
  const { pem } = createMemberCertificate({
    issuer: from.issuer,
    publicKey,
    uris: config.uris,
    nowMs,
    lifetimeMs: LIFE_MS,
  })
  return { type: 'issued', id: 1, chain: pem, ...config }
}
