/**
 * What policies make of a data plane, to be read by operators: test/golden/POLICY/CASE/input.yaml is a mesh as people write it,
 * snapshot.json the listeners and clusters of its data plane `web-1`. After a change that is meant:
 *
 *   node test/cp/compile/golden.test.ts --write
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { parseDocuments } from '#base/yaml.ts'
import { policyCompilers } from '../../../cp/compile/policies.ts'
import type { Resource } from '../../../cp/kinds/kind.ts'
import type { MeshSpec } from '../../../cp/kinds/mesh/mesh.ts'
import { readResource } from '../../../cp/kinds/validate.ts'
import { kindNamed } from '../../support/bodies.ts'
import { Compiled, meshOf } from '../../support/compiled.ts'
import { resource } from '../../support/resources.ts'

const FOLDER = join(import.meta.dirname, '../../golden')
const isWriting = process.argv.includes('--write')
const inputs = globSync(join(FOLDER, '*/*/input.yaml')).sort()

for (const input of inputs) {
  const file = join(dirname(input), 'snapshot.json')
  t.test(relative(FOLDER, dirname(input)), async t => {
    const snapshot = `${JSON.stringify(snapshotOf(input), null, 2)}\n`
    if (isWriting) writeFileSync(file, snapshot)
    t.ok(existsSync(file), 'it has a snapshot')
    t.equal(snapshot, readFileSync(file, 'utf8'))
  })
}

t.test('there is a case for each policy for outgoing calls', async t => {
  const shown = new Set(inputs.map(input => relative(FOLDER, dirname(dirname(input)))))
  const expected = policyCompilers
    .map(({ type }) => slugOf(type))
    .filter(slug => /route|balancing|breaker/.test(slug))
  for (const slug of expected) t.ok(shown.has(slug), slug)
})

/** Sections by name, sorted; without what is the same in every mesh. */
function snapshotOf(input: string): Readonly<Record<string, object>> {
  const resources = parseDocuments(readFileSync(input, 'utf8'), input).map(({ value }) => stored(value))
  const [mesh] = resources.filter(({ type }) => type === 'Mesh') as Resource<MeshSpec>[]
  const others = resources.filter(({ type }) => type !== 'Mesh')
  const { sections } = new Compiled(meshOf(others, mesh), 'web-1')
  const shown = [...sections].filter(([name]) => name.startsWith('cluster/') || name.startsWith('listener/'))
  return Object.fromEntries(shown.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function stored(body: unknown): Resource {
  const { type } = body as { readonly type: string }
  const read = readResource(kindNamed(type), body)
  if (!read.ok) throw new Error(`refused: ${JSON.stringify(read)}`)
  if (read.unenforced.length > 0) throw new Error(`not enforced: ${JSON.stringify(read.unenforced)}`)
  const { mesh, name, labels, spec } = read.draft
  return resource(type, mesh, name, spec, labels)
}

function slugOf(type: string): string {
  return type
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replace(/(HTTP|TCP)(?=[A-Z])/g, '$1-')
    .toLowerCase()
}
