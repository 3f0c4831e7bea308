/** Promises of MeshIndex: compiling only whom a change touches leaves everybody with what compiling all would give. */
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { compile } from '../../../cp/compile/compile.ts'
import type { Resource } from '../../../cp/kinds/kind.ts'
import type { MeshIndex } from '../../../cp/snapshot/mesh-view.ts'
import { sectionOf } from '../../../cp/snapshot/sections.ts'
import { fuzzOptions } from '../../support/fuzzing.ts'
import { resource } from '../../support/resources.ts'
import { dataplanes, legacyPolicies } from '../match/rule-book/meshes.ts'
import { legacyResources, viewOf } from '../match/rule-book/shown.ts'
import { writtenPolicies } from '../match/rule-book/written.ts'

type Digests = Readonly<Record<string, string>>

function digestsOf(view: MeshIndex, name: string): Digests {
  const dataplane = view.dataplane(name)
  if (dataplane === undefined) return {}
  const sections = view.watching(name, () => [...compile(view, dataplane)])
  return Object.fromEntries(sections.map(([section, value]) => [section, sectionOf(value).digest]).toSorted())
}

/** Data planes, policies and routes, all under names that come again. */
const resources: fc.Arbitrary<readonly Resource[]> = fc
  .tuple(dataplanes, writtenPolicies, legacyPolicies)
  .map(([proxies, policies, legacy]) => [
    ...proxies.map(({ name, labels, spec }) => resource('Dataplane', 'default', name, spec, labels)),
    ...policies.map(({ type, name, spec }) => resource(type, 'default', name, spec)),
    ...legacyResources(legacy.filter(({ type }) => type === 'TrafficRoute')),
  ])

interface Step {
  /** Of the resources, counted around. */
  readonly place: number
  readonly isDeleted: boolean
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({ place: fc.nat(10_000), isDeleted: fc.boolean() }),
  { minLength: 5, maxLength: 30 },
)

t.test('after every change, whoever was not touched runs what it would run anyway', async () => {
  fc.assert(
    fc.property(resources, resources, steps, (first, second, changes) => {
      const all = [...first, ...second]
      const view = viewOf([], [], { mtls: true })
      for (const one of first) view.load(one)
      const running = new Map([...view.dataplaneNames()].map(name => [name, digestsOf(view, name)]))
      for (const { place, isDeleted } of changes) {
        const one = all[place % all.length]
        if (one === undefined) continue
        const touched = view.change(one, isDeleted ? null : one)
        for (const name of touched === 'all' ? view.dataplaneNames() : touched) {
          running.set(name, digestsOf(view, name))
        }
        const fresh = view.copy()
        for (const name of view.dataplaneNames()) {
          deepEqual(running.get(name), digestsOf(fresh, name), `${name} after ${one.type} ${one.name}`)
        }
      }
    }),
    fuzzOptions(60),
  )
})
