/** Promises of cp/compile/policies.ts. */
import t from 'tap'
import { policyCompilers } from '../../../cp/compile/policies.ts'
import { kinds } from '../../../cp/kinds/registry.ts'

t.test('every policy has a compiler, or says that it is not enforced', async t => {
  const all = policyCompilers.flatMap(({ type, legacy }) => (legacy === undefined ? [type] : [type, legacy]))
  const compiled = new Set(all)
  for (const { type, isPolicy, notEnforced } of kinds) {
    if (!isPolicy) t.notOk(compiled.has(type), `${type} is no policy`)
    else t.equal(compiled.has(type), notEnforced === null, type)
  }
  t.equal(compiled.size, all.length, 'each once')
})
