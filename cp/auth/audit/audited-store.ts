/**
 * The guarded store, with every commit told to the audit trail: those of users, of data planes and of the control plane
 * itself. A write is acknowledged when its line is written.
 */
import type { GuardedStore, WriteOptions } from '../../store/guarded-store.ts'
import { CONTROL_PLANE } from '../../store/history.ts'
import type { User } from '../user.ts'
import type { AuditTrail } from './audit-trail.ts'

export function auditedStore(guarded: GuardedStore, trail: AuditTrail): GuardedStore {
  return {
    async put(kind, draft, options = {}) {
      const result = await guarded.put(kind, draft, options)
      if (result.ok && options.isDryRun !== true) await trail.changed(authorOf(options), result.changes)
      return result
    },
    async delete(key, options = {}) {
      const result = await guarded.delete(key, options)
      if (result.ok && options.isDryRun !== true) await trail.changed(authorOf(options), result.changes)
      return result
    },
  }
}

function authorOf({ author = CONTROL_PLANE, authorGroups = [] }: WriteOptions): User {
  return { name: author, groups: authorGroups }
}
