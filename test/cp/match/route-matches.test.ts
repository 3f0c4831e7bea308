/** Promises of cp/match/route-matches.ts: the hash by which Kuma names rules of routes. */
import t from 'tap'
import { matchesHash } from '../../../cp/match/route-matches.ts'

t.test('is that of Kuma, whatever the order of the keys', async t => {
  const hash = 'JNNc6//C3P17nUsOJm5f4kqG+U3v8pXhS0od9C3+oss='
  t.equal(matchesHash([{ path: { type: 'Exact', value: '/' } }]), hash)
  t.equal(matchesHash([{ path: { value: '/', type: 'Exact' } }]), hash)
  t.not(matchesHash([{ path: { type: 'PathPrefix', value: '/' } }]), hash)
  t.equal(
    matchesHash([{ method: 'GET', headers: [{ value: 'x', name: 'h', type: 'Exact' }], path: undefined }]),
    matchesHash([{ headers: [{ type: 'Exact', name: 'h', value: 'x' }], method: 'GET' }]),
  )
})
