/** Promises of cp/match/order.ts: Kuma 2.14's precedence. */
import t from 'tap'
import { inPrecedence } from '../../../cp/match/order.ts'
import { aPermission } from '../../support/resources.ts'

const names = (policies: Parameters<typeof inPrecedence>[0]): readonly string[] =>
  inPrecedence(policies).map(policy => policy.name)

t.test('the more specific kind wins, whatever the names', async t => {
  t.same(
    names([
      aPermission('a', { kind: 'MeshServiceSubset', name: 'x' }, []),
      aPermission('b', { kind: 'MeshService', name: 'x' }, []),
      aPermission('c', { kind: 'MeshSubset', tags: {} }, []),
      aPermission('d', { kind: 'Dataplane' }, []),
      aPermission('e', { kind: 'Mesh' }, []),
    ]),
    ['e', 'd', 'c', 'b', 'a'],
  )
})

t.test('an absent targetRef is Mesh', async t => {
  t.same(names([aPermission('b', undefined, []), aPermission('c', { kind: 'Mesh' }, [])]), ['c', 'b'])
})

t.test('of two equals the name that sorts first wins', async t => {
  t.same(names([aPermission('aaa', undefined, []), aPermission('bbb', undefined, [])]), ['bbb', 'aaa'])
})

t.test('the display name counts instead of the name', async t => {
  const shown = aPermission('zzz', undefined, [], { 'kuma.io/display-name': 'aaa' })
  t.same(names([shown, aPermission('bbb', undefined, [])]), ['bbb', 'zzz'])
})

t.test('a zone overrides the global origin', async t => {
  const ofGlobal = aPermission('aaa', undefined, [], { 'kuma.io/origin': 'global' })
  t.same(names([aPermission('bbb', undefined, [], { 'kuma.io/origin': 'zone' }), ofGlobal]), ['aaa', 'bbb'])
})

t.test('a Dataplane by name and section is more specific than by labels', async t => {
  t.same(
    names([
      aPermission('a', { kind: 'Dataplane', name: 'x', sectionName: 'http' }, []),
      aPermission('b', { kind: 'Dataplane', name: 'x' }, []),
      aPermission('c', { kind: 'Dataplane', labels: { app: 'x' } }, []),
    ]),
    ['c', 'b', 'a'],
  )
})

t.test('roles that come with policies from elsewhere count after the origin', async t => {
  const role = (name: string, is: string) => aPermission(name, undefined, [], { 'kuma.io/policy-role': is })
  t.same(
    names([role('a', 'workload-owner'), role('b', 'consumer'), role('c', 'producer'), role('d', 'system')]),
    ['d', 'c', 'b', 'a'],
  )
  t.same(names([role('a', 'system'), aPermission('b', undefined, [])]), ['b', 'a'])
})

t.test('equal display names are told apart by names, in whatever order they came', async t => {
  const shown = (name: string) => aPermission(name, undefined, [], { 'kuma.io/display-name': 'x' })
  t.same(names([shown('aaa'), shown('bbb')]), ['bbb', 'aaa'])
  t.same(names([shown('bbb'), shown('aaa')]), ['bbb', 'aaa'])
})
