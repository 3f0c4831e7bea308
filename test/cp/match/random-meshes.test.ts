/** Promises of cp/match: whatever the mesh, every data plane has the rules that a literal reading of the book gives it. */
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { fuzzOptions } from '../../support/fuzzing.ts'
import { attachmentsOf, type LegacyPolicy } from './rule-book/legacy.ts'
import { dataplanes, legacyPolicies, meshes, TYPES } from './rule-book/meshes.ts'
import { rulesOfType } from './rule-book/rules.ts'
import { legacyResources, resourcesOf, shownAttachments, shownRules, viewOf } from './rule-book/shown.ts'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

t.test('every data plane of a random mesh has the rules of the book', async () => {
  fc.assert(
    fc.property(meshes, mesh => {
      const view = viewOf(resourcesOf(mesh), mesh.dataplanes)
      for (const dataplane of mesh.dataplanes) {
        const shown = shownRules(view, dataplane.name)
        for (const type of TYPES) {
          deepEqual(plain(shown.get(type) ?? null), plain(rulesOfType(mesh, dataplane, type)), type)
        }
      }
    }),
    fuzzOptions(200),
  )
})

t.test('every part of a data plane has the legacy policies of the book', async () => {
  fc.assert(
    fc.property(dataplanes, legacyPolicies, (all, policies) => {
      const view = viewOf(legacyResources(policies), all)
      const of = (type: string): readonly LegacyPolicy[] => policies.filter(policy => policy.type === type)
      for (const dataplane of all) {
        deepEqual(shownAttachments(view, dataplane.name), attachmentsOf(of, dataplane))
      }
    }),
    fuzzOptions(200),
  )
})
