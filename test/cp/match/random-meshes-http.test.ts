/** Promises of the API: what it answers about random meshes that people wrote is what the literal reading computes. */
import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { fuzzOptions } from '../../support/fuzzing.ts'
import { startInspected } from '../../support/inspected-mesh.ts'
import { dataplanes } from './rule-book/meshes.ts'
import { rulesOfType } from './rule-book/rules.ts'
import type { DataPlane, Policy } from './rule-book/selection.ts'
import { literally } from './rule-book/shown.ts'
import { PATHS, writtenPolicies } from './rule-book/written.ts'

const { put, json } = await startInspected(t)

t.test('the rules that the API answers are those of the book', async () => {
  await fc.assert(
    fc.asyncProperty(dataplanes, writtenPolicies, async (proxies, written) => {
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
