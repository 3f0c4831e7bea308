/**
 * Every document under examples/kuma-docs applies, reads back as it was written (defaults aside), and applies again
 * unchanged: as written, as read, and as YAML.
 */
import t from 'tap'
import { kinds } from '../../cp/kinds/registry.ts'
import { send, startApi } from '../support/api.ts'
import { docsExamples } from '../support/kuma-docs.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const examples = docsExamples()
/** Policies that are to refuse traffic and cannot yet are stored when their author says that they know. */
const headers = { 'x-vmesh-accept-unenforced': 'true' }

t.test('there is an example of every kind that people write', async t => {
  const written = new Set(examples.map(({ type }) => type))
  for (const { type, readOnly } of kinds) if (!readOnly) t.ok(written.has(type), type)
})

t.test('names are used once in a kind', async t => {
  const keys = examples.map(({ type, mesh, name }) => `${type} ${mesh}/${name}`)
  t.same(
    keys.filter((key, i) => keys.indexOf(key) !== i),
    [],
  )
})

for (const { place, type, mesh, name, body } of examples) {
  t.test(`${place}: ${type} ${name} applies, reads back and applies again unchanged`, async t => {
    const kind = kinds.find(one => one.type === type)
    if (kind === undefined) return t.fail(`there is no kind ${type}`)
    const item = kind.scope === 'Mesh' ? `/meshes/${mesh}/${kind.path}/${name}` : `/${kind.path}/${name}`
    const url = `${run.http}${item}`
    const isThere = (await send('GET', url)).status === 200
    const put = await send('PUT', url, { headers, body })
    t.equal(put.status, isThere ? 200 : 201, put.text)
    const warnings = (put.json as { warnings?: readonly string[] } | undefined)?.warnings ?? []
    t.same(
      warnings.filter(warning => warning.includes('unknown field')),
      [],
      'all of its fields are known',
    )
    const got = await send('GET', url)
    t.match(got.json, { type, name, creationTime: String })
    for (const [what, again] of [
      ['as written', { headers, body }],
      ['as read', { headers, body: got.json }],
      [
        'as YAML',
        {
          headers: { ...headers, 'content-type': 'application/yaml' },
          body: (await send('GET', `${url}?output=yaml`)).text,
        },
      ],
    ] as const) {
      const reply = await send('PUT', url, again)
      t.equal(reply.status, 200, `${what}: ${reply.text}`)
      t.equal(reply.headers.etag, got.headers.etag, `${what}: unchanged`)
    }
    t.equal((await send('GET', url)).text, got.text)
  })
}
