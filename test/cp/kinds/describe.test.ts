/** Every field is documented, and the reference is made of that. */
import t from 'tap'
import { describeMarkdown, fieldsOf, jsonSchemaOf } from '../../../cp/kinds/describe.ts'
import { kinds } from '../../../cp/kinds/registry.ts'
import { kindNamed } from '../../support/bodies.ts'

t.test('every field of every kind says what it is for', async t => {
  for (const kind of kinds) {
    const fields = fieldsOf(kind)
    // a Workload is its name
    t.equal(fields.length > 0, kind.type !== 'Workload', `${kind.type} has fields`)
    const silent = fields
      .filter(({ doc }) => !/^[A-Z"'a-z].*\.$/s.test(doc.description))
      .map(({ path }) => path)
    t.same(silent, [], `${kind.type}: all fields have a text that ends with a full stop`)
    t.ok(kind.doc.length > 40, `${kind.type} has a paragraph`)
  }
})

t.test('fields of one schema have texts of their own', async t => {
  const texts = fieldsOf(kindNamed('MeshTLS'))
    .filter(({ path }) => /^rules\[\]\.default\.tlsVersion\.m/.test(path.replace(/^spec\./, '')))
    .map(({ doc }) => doc.description)
  t.same(texts, ['Oldest version that is taken.', 'Newest version that is taken.'])
})

t.test('the table shows type, default, rule and what is not enforced', async t => {
  const text = describeMarkdown(kindNamed('Dataplane'))
  t.match(text, '- API: `/meshes/MESH/dataplanes/NAME`')
  t.match(
    text,
    /^\| `networking\.inbound\[\]\.port` \| number \| \*required\* \| 1 to 65535 \| Port on which /m,
  )
  t.match(text, /^\| `networking\.inbound\[\]\.serviceAddress` \| text \| 127\.0\.0\.1 \| /m)
  t.match(text, /^\| `networking\.inbound\[\]\.tags` \| map to text \| /m)
  t.match(text, /outbound\[\]\.backendRef` .*\*\*Not enforced yet\*\*: the outbound is not opened/)
  const mesh = describeMarkdown(kindNamed('Mesh'))
  t.match(
    mesh,
    /`mtls\.backends\[\]\.mode` \| `STRICT`, `PERMISSIVE` \| STRICT .*Not enforced yet \(`PERMISSIVE`\)/,
  )
  const rows = mesh.split('\n').filter(line => line.startsWith('| '))
  t.same(
    [...new Set(rows.map(row => row.replaceAll('\\|', '').split('|').length))],
    [7],
    'rows have equal cells',
  )
})

t.test('the JSON Schema is of the whole resource', async t => {
  t.match(jsonSchemaOf(kindNamed('MeshTrafficPermission')), {
    title: 'MeshTrafficPermission',
    properties: {
      type: { const: 'MeshTrafficPermission' },
      mesh: { type: 'string' },
      spec: {
        properties: {
          from: {
            type: 'array',
            items: {
              required: ['targetRef'],
              properties: {
                default: { properties: { action: { enum: ['Allow', 'Deny', 'AllowWithShadowDeny'] } } },
              },
            },
          },
        },
      },
    },
    required: ['type', 'name', 'spec'],
  })
  const mesh = jsonSchemaOf(kindNamed('Mesh'))
  t.match(mesh, {
    properties: { mtls: { type: 'object' }, constraints: { type: 'object' } },
    required: ['type', 'name'],
  })
  t.notOk('mesh' in (mesh['properties'] as object))
})
