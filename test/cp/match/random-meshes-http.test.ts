/** Promises of the API: what it answers about random meshes that people wrote is what the literal reading computes. */
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { fuzzOptions } from '../../support/fuzzing.ts'
import { startInspected } from '../../support/inspected-mesh.ts'
import { clients, dataplanes, tops } from './rule-book/meshes.ts'
import { rulesOfType } from './rule-book/rules.ts'
import type { DataPlane, Entry, Policy, Ref } from './rule-book/selection.ts'
import { literally } from './rule-book/shown.ts'

const { put, json } = await startInspected(t)

const PATHS: Readonly<Record<string, string>> = {
  MeshTrafficPermission: 'meshtrafficpermissions',
  MeshTimeout: 'meshtimeouts',
  MeshRetry: 'meshretries',
}

/** What every one of the three types takes at the top. */
const plainTops = tops.filter(
  ref => ref?.kind !== 'MeshHTTPRoute' && ref?.sectionName === undefined && ref?.proxyTypes === undefined,
)
const services: fc.Arbitrary<Ref> = fc.oneof(
  fc.constant({ kind: 'Mesh' }),
  fc.record({ kind: fc.constant('MeshService'), name: fc.constantFrom('web', 'api') }),
)
const durations = fc.constantFrom('1s', '90s', '2h')
const timeouts = fc.record(
  {
    connectionTimeout: durations,
    http: fc.record({ requestTimeout: durations, streamIdleTimeout: durations }),
  },
  { requiredKeys: ['connectionTimeout'] },
)
const retries = fc.record({
  http: fc.record({ numRetries: fc.nat(3), retryOn: fc.subarray(['5xx', 'Reset'], { minLength: 1 }) }),
})
const actions = fc.record({ action: fc.constantFrom('Allow', 'Deny') })

function items(refs: fc.Arbitrary<Ref>, conf: fc.Arbitrary<object>): fc.Arbitrary<readonly Entry[]> {
  return fc.array(fc.record({ targetRef: refs, default: conf }), { minLength: 1, maxLength: 2 })
}

const LISTS: Readonly<Record<string, fc.Arbitrary<object>>> = {
  MeshTrafficPermission: fc.record({ from: items(clients, actions) }),
  MeshTimeout: fc.record({
    to: items(services, timeouts),
    from: items(fc.constant({ kind: 'Mesh' }), timeouts),
  }),
  MeshRetry: fc.record({ to: items(services, retries) }),
}

/** Always the same names, so that each mesh takes the place of the one before. */
const policies = fc
  .tuple(
    ...Object.entries(LISTS).map(([type, lists]) =>
      fc.array(fc.tuple(plainTops, lists), { minLength: 3, maxLength: 3 }).map(all =>
        all.map(([targetRef, rest], i) => ({
          type,
          name: `p-${i}`,
          spec: { ...(targetRef === undefined ? {} : { targetRef }), ...rest },
        })),
      ),
    ),
  )
  .map(lists => lists.flat())

t.test('the rules that the API answers are those of the book', async () => {
  await fc.assert(
    fc.asyncProperty(dataplanes, policies, async (proxies, written) => {
      for (const { name, labels, spec } of proxies) {
        await put(`dataplanes/${name}`, 'Dataplane', { labels, ...spec })
      }
      for (const { type, name, spec } of written) await put(`${PATHS[type]}/${name}`, type, { spec })
      const stored: Policy[] = []
      for (const { type, name } of written) stored.push((await json(`${PATHS[type]}/${name}`)) as Policy)
      for (const { name } of proxies) {
        const { labels, ...spec } = (await json(`dataplanes/${name}`)) as DataPlane & DataPlane['spec']
        const shown = literally((await json(`dataplanes/${name}/_rules`)) as object)
        const book = { mesh: 'default', policies: stored, destinations: [] }
        for (const type of Object.keys(PATHS)) {
          const expected = rulesOfType(book, { name, labels, spec }, type)
          deepEqual(shown.get(type) ?? null, JSON.parse(JSON.stringify(expected)), type)
        }
      }
    }),
    fuzzOptions(10),
  )
})
