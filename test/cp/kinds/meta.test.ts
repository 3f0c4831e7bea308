/** Names and labels (kuma-api 4.2). */
import t from 'tap'
import { displayName, metaViolations } from '../../../cp/kinds/meta.ts'
import { kindNamed } from '../../support/bodies.ts'

const NAME_RULE =
  "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const dataplane = kindNamed('Dataplane')

t.test('names are DNS names in lower case', async t => {
  for (const name of ['a', 'web-1', 'web-1.zone.a', '1svc', 'a'.repeat(253)]) t.same(of({ name }), [], name)
  for (const name of ['Web', '-a', 'a-', 'a_b', 'a..b', 'a b', 'ä', '.a']) {
    t.same(of({ name }), [{ field: 'name', message: NAME_RULE }], name)
  }
  t.same(of({ name: '' }), [{ field: 'name', message: 'cannot be empty' }])
  t.same(of({ name: 'a'.repeat(254) }), [{ field: 'name', message: 'value length must less or equal 253' }])
})

t.test('meshes of resources follow the older rule', async t => {
  t.same(of({ mesh: 'my_mesh.1' }), [])
  t.match(of({ mesh: 'My' }), [{ field: 'mesh', message: /^invalid characters\. Valid characters are/ }])
  t.same(metaViolations(kindNamed('Mesh'), { mesh: '', name: 'm', labels: {} }), [], 'a mesh is in none')
})

t.test('labels have the form of Kubernetes', async t => {
  const fine = { a: '', 'kuma.io/service': 'web', 'a.b/C_d.e': 'X-y_z.1', ['k'.repeat(63)]: 'v'.repeat(63) }
  t.same(of({ labels: fine }), [])
  const cases = [
    [
      'bad key',
      'x',
      /^name part must consist of alphanumeric characters, '-', '_' or '\.'.*'MyName', {2}or 'my\.name'/,
    ],
    ['k', 'bad value', /^a valid label must be an empty string or consist of.*'MyValue', {2}or 'my_value'/],
    ['k', 'v'.repeat(64), /^must be no more than 63 characters$/],
    ['k'.repeat(64), 'v', /^name part must be no more than 63 characters$/],
    ['/a', 'v', /^prefix part must be non-empty$/],
    ['a/', 'v', /^name part must be non-empty$/],
    ['A/b', 'v', /^prefix part a lowercase RFC 1123 subdomain/],
  ] as const
  for (const [key, value, message] of cases) {
    t.match(of({ labels: { [key]: value } }), [{ field: `labels["${key}"]`, message }], `${key}=${value}`)
  }
})

t.test('the name that people see is a label or the name', async t => {
  t.equal(displayName({ name: 'a', labels: {} }), 'a')
  t.equal(displayName({ name: 'a', labels: { 'kuma.io/display-name': 'shown' } }), 'shown')
})

function of(fields: { name?: string; mesh?: string; labels?: Record<string, string> }) {
  return metaViolations(dataplane, { mesh: 'default', name: 'x', labels: {}, ...fields })
}
