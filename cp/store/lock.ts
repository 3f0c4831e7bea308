/** One control plane a store (dp/base/lock.ts says how). */
import { CodedError } from '#base/errors.ts'
import { type Lock, lockFolder } from '#base/lock.ts'

/** Throws `store.locked` with `details.pid` when it could be learnt. The folder must exist. */
export function lockStore(dir: string): Promise<Lock> {
  return lockFolder(dir, (real, holder, pid) => {
    const remedy =
      'only one control plane can have it; stop that one first, or start this one with another --data-dir'
    const message = `the store ${real} is in use by ${holder}: ${remedy}`
    return new CodedError('store.locked', message, { details: { dir: real, pid } })
  })
}
