/** The audit log as the settings want it: its file, its rules, and what `/metrics` tells about it. */
import { join } from 'node:path'
import type { Logger } from '#base/log.ts'
import type { Metrics } from '#base/metrics.ts'
import type { CpSettings } from '../../config.ts'
import type { Store } from '../../store/store.ts'
import { AuditFile } from './audit-file.ts'
import { type AuditTrail, startAuditTrail } from './audit-trail.ts'

export interface StartedAudit {
  readonly trail: AuditTrail
  /** Writes what waits. */
  stop(): Promise<void>
}

/** Throws what the store throws. */
export async function startAudit(options: {
  readonly settings: CpSettings
  readonly store: Store
  readonly metrics: Metrics
  readonly log: Logger
}): Promise<StartedAudit> {
  const { settings, store, metrics, log } = options
  const file = new AuditFile({
    path: settings['access.audit.file.path'] ?? join(settings.dataDir, 'audit', 'audit.log'),
    rotationEnabled: settings['access.audit.file.rotationEnabled'],
    maxBytes: settings['access.audit.file.maxSizeMb'] * 1_000_000,
    maxRetainedFiles: settings['access.audit.file.maxRetainedFiles'],
    maxAgeDays: settings['access.audit.file.maxAgeDays'],
    log,
  })
  const skipDefaultTypes = settings['access.audit.skipDefaultTypes']
  const { trail, stop } = await startAuditTrail({ store, file, skipDefaultTypes })
  const count = (what: 'written' | 'waiting' | 'dropped') => () => file.counts()[what]
  metrics.read('counter', 'vmesh_audit_lines_written_total', 'Lines of the audit log.', count('written'))
  metrics.read(
    'gauge',
    'vmesh_audit_lines_waiting',
    'Lines of the audit log that could not be written yet.',
    count('waiting'),
  )
  metrics.read(
    'counter',
    'vmesh_audit_lines_dropped_total',
    'Lines of the audit log that are lost, since too many waited.',
    count('dropped'),
  )
  return {
    trail,
    async stop() {
      stop()
      await file.close()
    },
  }
}
