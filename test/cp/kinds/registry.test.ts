/** Kinds are found by all their names, and no name leads to two. */
import t from 'tap'
import { kindNames, nameByArgument, nameByType } from '../../../cp/kinds/names/kind-names.ts'
import { kindByPath, kindByType, kinds } from '../../../cp/kinds/registry.ts'
import { NAMES } from './registry.table.ts'

t.test('kinds are found by type, path and what people type', async t => {
  for (const kind of kinds) {
    t.equal(kindByType(kind.type), kind)
    t.equal(kindByPath(kind.path), kind)
    for (const name of [kind.type, kind.singular, kind.plural, kind.path]) {
      t.equal(nameByArgument(name)?.type, kind.type, name)
      t.equal(nameByArgument(name.toUpperCase())?.type, kind.type, name.toUpperCase())
    }
  }
  t.equal(kindByPath('globalsecrets')?.type, 'GlobalSecret')
  t.equal(nameByArgument('mtp')?.type, 'MeshTrafficPermission')
  t.equal(nameByArgument('mesh')?.type, 'Mesh')
  t.equal(kindByType('mesh'), undefined, 'types have one spelling')
  t.equal(kindByPath('constructor'), undefined)
  t.equal(nameByArgument('zork'), undefined)
})

t.test('kinds have the names of Kuma', async t => {
  const rows = new Map(NAMES.map(row => [row[0], row]))
  for (const kind of kinds) {
    const traits = kind.isPolicy ? 'policy' : kind.readOnly ? 'read only' : ''
    const { type, scope, path, singular, plural, shortName } = kind
    t.same([type, scope, path, singular, plural, shortName, traits], rows.get(type), type)
  }
  for (const [type, ...names] of NAMES) {
    const words = names.slice(1, 4)
    for (const word of words) t.equal(nameByArgument(word)?.type, type, `${word} is ${type}`)
  }
  t.same(
    kinds.filter(kind => kind.adminOnly).map(kind => kind.type),
    ['Secret', 'GlobalSecret'],
  )
})

t.test('words of older command lines still name their kind', async t => {
  const words = [
    'zone-ingress',
    'zone-ingresses',
    'zoneingress',
    'globalsecret',
    'global-secrets',
    'health-checks',
  ]
  t.same(
    words.map(word => nameByArgument(word)?.type),
    ['ZoneIngress', 'ZoneIngress', 'ZoneIngress', 'GlobalSecret', 'GlobalSecret', 'HealthCheck'],
  )
})

t.test('the names that are known without a kind are those that it says of itself', async t => {
  t.same(
    kindNames.map(({ load, ...names }) => names),
    kinds.map(
      ({ type, path, aliases, singular, plural, scope, shortName, isPolicy, readOnly, adminOnly }) => {
        return { type, path, aliases, singular, plural, scope, shortName, isPolicy, readOnly, adminOnly }
      },
    ),
  )
  for (const kind of kinds) t.equal(await nameByType(kind.type)?.load(), kind, kind.type)
})
