/**
 * Promises of cp/match that hold for every mesh: the order in which things were made does not show, a more specific policy
 * wins, and who has nothing to do with a policy notices nothing of it.
 */
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { compile } from '../../../cp/compile/compile.ts'
import type { Resource } from '../../../cp/kinds/kind.ts'
import { toRules } from '../../../cp/match/outbound.ts'
import { selectedPolicies } from '../../../cp/match/selection.ts'
import type { MeshIndex } from '../../../cp/snapshot/mesh-view.ts'
import { sectionOf } from '../../../cp/snapshot/sections.ts'
import { fuzzOptions } from '../../support/fuzzing.ts'
import { resource } from '../../support/resources.ts'
import { dataplanes, legacyPolicies, meshes, tops } from './rule-book/meshes.ts'
import type { Ref } from './rule-book/selection.ts'
import { legacyResources, resourcesOf, shownAttachments, shownRules, viewOf } from './rule-book/shown.ts'
import { type WrittenPolicy, writtenPolicies } from './rule-book/written.ts'

const shuffles = fc.infiniteStream(fc.nat(1_000_000))

function shuffled<T>(list: readonly T[], places: Iterator<number>): readonly T[] {
  return list
    .map(value => ({ value, place: Number(places.next().value) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value)
}

/** As if made one after the other in this order. */
function madeInOrder(list: readonly Resource[]): readonly Resource[] {
  return list.map((one, i) => ({ ...one, creationTime: new Date(i * 1_000).toISOString() }))
}

function digestsOf(view: MeshIndex, name: string): Readonly<Record<string, string>> {
  const dataplane = view.dataplane(name)
  if (dataplane === undefined) throw new Error(`${name}: no such Dataplane`)
  const sections = [...compile(view, dataplane)].map(([section, value]) => [section, sectionOf(value).digest])
  return Object.fromEntries(sections.toSorted())
}

const stored = ({ type, name, spec }: WrittenPolicy): Resource => resource(type, 'default', name, spec)

t.test('when a policy with a targetRef was made, and in which order, does not show', async () => {
  fc.assert(
    fc.property(meshes, shuffles, (mesh, places) => {
      const one = viewOf(madeInOrder(resourcesOf(mesh)), mesh.dataplanes)
      const other = viewOf(madeInOrder(shuffled(resourcesOf(mesh), places)), mesh.dataplanes)
      for (const { name } of mesh.dataplanes) deepEqual(shownRules(other, name), shownRules(one, name))
    }),
    fuzzOptions(100),
  )
})

t.test('what is compiled does not depend on the order either', async () => {
  fc.assert(
    fc.property(dataplanes, writtenPolicies, shuffles, (all, policies, places) => {
      const one = viewOf(madeInOrder(policies.map(stored)), all, { mtls: true })
      const other = viewOf(madeInOrder(shuffled(policies.map(stored), places)), all, { mtls: true })
      for (const { name } of all) deepEqual(digestsOf(other, name), digestsOf(one, name))
    }),
    fuzzOptions(50),
  )
})

t.test('legacy policies: only the times of creation count, not the order of arrival', async () => {
  fc.assert(
    fc.property(dataplanes, legacyPolicies, shuffles, (all, policies, places) => {
      const one = viewOf(legacyResources(policies), all)
      const other = viewOf(shuffled(legacyResources(policies), places), all)
      for (const { name } of all) deepEqual(shownAttachments(other, name), shownAttachments(one, name))
    }),
    fuzzOptions(100),
  )
})

const KINDS = ['Mesh', 'Dataplane', 'MeshSubset', 'MeshService', 'MeshServiceSubset', 'MeshHTTPRoute']

t.test('a more specific policy always wins, whatever the names and times', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 4, maxLength: 4 })
  const plainTops = fc.array(
    tops.filter(ref => ref?.kind !== 'MeshHTTPRoute'),
    { minLength: 4, maxLength: 4 },
  )
  const kindOf = (ref: Ref | undefined): number => KINDS.indexOf(ref?.kind ?? 'Mesh')
  fc.assert(
    fc.property(dataplanes, names, plainTops, (all, called, refs) => {
      const policies = called.map((name, i) => {
        const to = [{ targetRef: { kind: 'Mesh' }, default: { from: name } }]
        return resource('MeshTimeout', 'default', name, { targetRef: refs[i], to })
      })
      const view = viewOf(policies, all)
      for (const { name } of all) {
        const dataplane = view.dataplane(name)
        if (dataplane === undefined) throw new Error(`${name}: no such Dataplane`)
        const matched = selectedPolicies(view, 'MeshTimeout', dataplane)
        const [rule] = toRules(view, matched)
        const kinds = matched.map(policy => kindOf(refs[called.indexOf(policy.name)]))
        const { from: winner } = (rule?.conf ?? {}) as { readonly from?: string }
        if (winner === undefined) equal(matched.length, 0)
        else equal(kindOf(refs[called.indexOf(winner)]), Math.max(...kinds))
      }
    }),
    fuzzOptions(100),
  )
})

/** They select nobody in random meshes. */
const foreignTops: fc.Arbitrary<Ref> = fc.constantFrom<Ref>(
  { kind: 'MeshService', name: 'nobody' },
  { kind: 'MeshSubset', tags: { 'kuma.io/service': 'nobody' } },
  { kind: 'MeshServiceSubset', name: 'web', tags: { env: 'none' } },
  { kind: 'Dataplane', name: 'nobody' },
  { kind: 'Dataplane', labels: { app: 'none' } },
)

t.test('a policy for others changes nothing of what a data plane runs', async () => {
  fc.assert(
    fc.property(
      dataplanes,
      writtenPolicies,
      writtenPolicies,
      foreignTops,
      (all, policies, more, targetRef) => {
        const before = viewOf(policies.map(stored), all, { mtls: true })
        const foreign = more.map(one =>
          stored({ ...one, name: `a-${one.name}`, spec: { ...one.spec, targetRef } }),
        )
        const after = viewOf([...foreign, ...policies.map(stored)], all, { mtls: true })
        for (const { name } of all) deepEqual(digestsOf(after, name), digestsOf(before, name))
      },
    ),
    fuzzOptions(50),
  )
})

t.test('a policy for one data plane changes nothing for the others', async () => {
  fc.assert(
    fc.property(dataplanes, writtenPolicies, writtenPolicies, (all, policies, more) => {
      const [{ name: only = '' } = {}, ...others] = all
      const targetRef = { kind: 'Dataplane', name: only }
      const before = viewOf(policies.map(stored), all, { mtls: true })
      const its = more.map(one => stored({ ...one, name: `a-${one.name}`, spec: { ...one.spec, targetRef } }))
      const after = viewOf([...its, ...policies.map(stored)], all, { mtls: true })
      for (const { name } of others) deepEqual(digestsOf(after, name), digestsOf(before, name))
    }),
    fuzzOptions(50),
  )
})
