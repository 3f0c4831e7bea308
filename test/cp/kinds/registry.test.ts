/** Kinds are found by all their names, and no name leads to two. */
import t from 'tap'
import { kindByArgument, kindByPath, kindByType, kinds } from '../../../cp/kinds/registry.ts'

t.test('kinds are found by type, path and what people type', async t => {
  for (const kind of kinds) {
    t.equal(kindByType(kind.type), kind)
    t.equal(kindByPath(kind.path), kind)
    for (const name of [kind.type, kind.singular, kind.plural, kind.path]) {
      t.equal(kindByArgument(name), kind, name)
      t.equal(kindByArgument(name.toUpperCase()), kind, name.toUpperCase())
    }
  }
  t.equal(kindByPath('globalsecrets')?.type, 'GlobalSecret')
  t.equal(kindByArgument('mtp')?.type, 'MeshTrafficPermission')
  t.equal(kindByArgument('mesh')?.type, 'Mesh')
  t.equal(kindByType('mesh'), undefined, 'types have one spelling')
  t.equal(kindByPath('constructor'), undefined)
  t.equal(kindByArgument('zork'), undefined)
})

t.test('kinds have the names of Kuma', async t => {
  t.same(
    kinds.map(kind => [kind.type, kind.scope, kind.path, kind.singular, kind.plural, kind.shortName]),
    [
      ['Mesh', 'Global', 'meshes', 'mesh', 'meshes', 'm'],
      ['Dataplane', 'Mesh', 'dataplanes', 'dataplane', 'dataplanes', 'dp'],
      ['DataplaneInsight', 'Mesh', 'dataplane-insights', 'dataplane-insight', 'dataplane-insights', ''],
      [
        'MeshTrafficPermission',
        'Mesh',
        'meshtrafficpermissions',
        'meshtrafficpermission',
        'meshtrafficpermissions',
        'mtp',
      ],
      ['Secret', 'Mesh', 'secrets', 'secret', 'secrets', ''],
      ['GlobalSecret', 'Global', 'global-secrets', 'global-secret', 'global-secrets', ''],
    ],
  )
  t.same(
    kinds.filter(kind => kind.adminOnly).map(kind => kind.type),
    ['Secret', 'GlobalSecret'],
  )
  t.same(
    kinds.filter(kind => kind.readOnly).map(kind => kind.type),
    ['DataplaneInsight'],
  )
})
