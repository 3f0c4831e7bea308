/**
 * Whatever is put: no answer of 500, no hang, and what is stored reads back as what was put (defaults aside) and is taken
 * again unchanged. FUZZ_RUNS documents of every kind, 200 without it; FUZZ_SEED repeats a run.
 */
import { Agent, request } from 'node:http'
import * as fc from 'fast-check'
import t from 'tap'
import type { Kind } from '../../cp/kinds/kind.ts'
import { kinds } from '../../cp/kinds/registry.ts'
import { decodeSpec, isObject } from '../../cp/kinds/schema/decode.ts'
import { docOf, type Schema, shapeOf } from '../../cp/kinds/schema/doc.ts'
import { stringifyYaml } from '../../dp/base/yaml.ts'
import { startApi } from '../support/api.ts'
import { arbitraryBody } from '../support/arbitrary-resource.ts'
import { docsExamples } from '../support/kuma-docs.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 200)
const SEED = process.env['FUZZ_SEED'] === undefined ? {} : { seed: Number(process.env['FUZZ_SEED']) }
const MESH = 'default'

const run = await startApi({ folder: t.testdir() })
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
t.teardown(async () => {
  agent.destroy()
  await run.close()
})
const examples = docsExamples()

for (const kind of kinds.filter(one => !one.readOnly)) {
  t.test(`${kind.type}: any document is refused with faults or reads back and applies again`, async t => {
    const at = { mesh: MESH, name: kind.type === 'Mesh' ? 'fuzz' : 'x' }
    const bodies = examples.filter(({ type }) => type === kind.type).map(({ body }) => body)
    const path =
      kind.scope === 'Mesh' ? `/meshes/${MESH}/${kind.path}/${at.name}` : `/${kind.path}/${at.name}`
    let stored = 0
    const property = fc.asyncProperty(arbitraryBody(kind, at, bodies), fc.boolean(), async (body, isYaml) => {
      if (await roundTrips(kind, path, body, isYaml)) stored++
    })
    await fc.assert(property, { numRuns: RUNS, ...SEED })
    // a fuzz test that stores nothing has tested refusals only
    t.ok(stored > 0 || bodies.length === 0, `${stored} of ${RUNS} were stored`)
  })
}

/** true: it was stored. Throws what is wrong. */
async function roundTrips(kind: Kind, path: string, body: object, isYaml: boolean): Promise<boolean> {
  const put = await send(
    'PUT',
    `${path}?acceptUnenforced=true`,
    isYaml ? stringifyYaml(body) : JSON.stringify(body),
    isYaml,
  )
  if (put.status === 400) {
    const { title, detail } = put.json as Record<string, unknown>
    if (typeof title !== 'string' || typeof detail !== 'string')
      throw new Error(`a 400 without reason: ${put.text}`)
    return false
  }
  if (put.status !== 200 && put.status !== 201) throw new Error(`PUT: ${put.status} ${put.text}`)
  const got = await send('GET', path)
  if (got.status !== 200) throw new Error(`GET: ${got.status} ${got.text}`)
  assertKept(kind, body, got.json)
  const again = await send('PUT', `${path}?acceptUnenforced=true`, got.text)
  if (again.status !== 200)
    throw new Error(`read back and put again: ${again.status} ${again.text}\n${got.text}`)
  const yaml = await send('GET', `${path}?output=yaml`)
  const asYaml = await send('PUT', `${path}?acceptUnenforced=true`, yaml.text, true)
  if (asYaml.status !== 200)
    throw new Error(`read back as YAML and put again: ${asYaml.status} ${asYaml.text}\n${yaml.text}`)
  const after = await send('GET', path)
  if (after.etag !== got.etag || after.text !== got.text) {
    throw new Error(`put again what was read changed it:\n${got.text}\n${after.text}`)
  }
  await send('DELETE', path)
  return true
}

/** Every known value of the body is in the answer, in the form that its field has. */
function assertKept(kind: Kind, body: object, answer: unknown): void {
  const specOf = (value: unknown): unknown =>
    kind.encoding === 'spec' ? (value as Record<string, unknown>)['spec'] : value
  const sent = decodeSpec(kind.schema, specOf(body), kind.encoding, '').value
  const kept = specOf(answer)
  const lost = lostValues(kind.schema, sent, kept, '')
  if (lost.length > 0)
    throw new Error(`lost: ${lost.join(', ')}\nput ${JSON.stringify(body)}\ngot ${JSON.stringify(answer)}`)
}

/** Paths of texts and numbers that are not in `kept`. Durations and other transformed values are compared by presence. */
function lostValues(schema: Schema, sent: unknown, kept: unknown, path: string): string[] {
  const doc = docOf(schema)
  if (sent === undefined || isZero(sent) || sent === doc?.zero) return []
  const shape = shapeOf(schema)
  if (shape.type === 'object' && isObject(sent)) {
    return Object.entries(sent).flatMap(([key, value]) => {
      const field = shape.fields[key]
      const member = isObject(kept) ? kept[key] : undefined
      if (field === undefined) return []
      return lostValues(field, value, member, `${path}.${key}`)
    })
  }
  if (shape.type === 'list' && Array.isArray(sent)) {
    return sent.flatMap((item, i) =>
      lostValues(shape.item, item, Array.isArray(kept) ? kept[i] : undefined, `${path}[${i}]`),
    )
  }
  if (shape.type === 'map' && isObject(sent)) {
    return Object.entries(sent).flatMap(([key, item]) =>
      // the zone of a Dataplane is the control plane's
      key === 'kuma.io/zone'
        ? []
        : lostValues(shape.value, item, isObject(kept) ? kept[key] : undefined, `${path}[${key}]`),
    )
  }
  if (kept === undefined) return [path]
  const isPlain = typeof sent === 'number' || typeof sent === 'boolean' || shape.type === 'enum'
  // older spellings of an enum differ in case
  return isPlain && String(sent).toLowerCase() !== String(kept).toLowerCase()
    ? [`${path} became ${JSON.stringify(kept)}`]
    : []
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === null || value === '' || value === 0 || value === false
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly json: unknown
  readonly etag: string | undefined
}

function send(method: string, path: string, body?: string, isYaml = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': isYaml ? 'application/yaml' : 'application/json' }
    const sent = request(`${run.http}${path}`, { method, headers, agent, timeout: 10_000 }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        let json: unknown
        try {
          json = JSON.parse(text)
        } catch {
          json = undefined
        }
        resolve({ status: response.statusCode ?? 0, text, json, etag: response.headers.etag })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} hangs`)))
    sent.on('error', reject)
    sent.end(body)
  })
}
