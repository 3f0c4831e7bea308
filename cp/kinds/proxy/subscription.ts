/**
 * Sessions of a proxy with the control plane, as insights show them (kuma-api 4.6): the same in DataplaneInsight,
 * ZoneIngressInsight and ZoneEgressInsight. The control plane writes them; nobody else does.
 */
import { z } from 'zod'
import { optional } from '../schema/doc.ts'

export const TIME = { rule: 'RFC 3339' }
/** 64-bit numbers are texts in protobuf's JSON. */
const COUNT = { rule: 'a decimal number' }

export const countersSchema = z.object({
  responsesSent: optional(z.string(), 'Snapshots sent.', COUNT),
  responsesAcknowledged: optional(z.string(), 'Snapshots acknowledged.', COUNT),
  responsesRejected: optional(z.string(), 'Snapshots refused.', COUNT),
})

const statusSchema = z.object({
  lastUpdateTime: optional(z.string(), 'When the counters changed.', TIME),
  total: optional(countersSchema, 'All snapshots.'),
  cds: optional(countersSchema, "Envoy's clusters; not counted apart."),
  eds: optional(countersSchema, "Envoy's endpoints; not counted apart."),
  lds: optional(countersSchema, "Envoy's listeners; not counted apart."),
  rds: optional(countersSchema, "Envoy's routes; not counted apart."),
})

const versionSchema = z.object({
  kumaDp: optional(
    z.object({
      version: optional(z.string(), 'Version.'),
      gitTag: optional(z.string(), 'Tag of its source.'),
      gitCommit: optional(z.string(), 'Commit of its source.'),
      buildDate: optional(z.string(), 'When it was built.'),
      kumaCpCompatible: optional(z.boolean(), 'Whether this control plane supports it.', {
        default: 'false',
      }),
    }),
    'The daemon.',
  ),
  envoy: optional(
    z.object({
      version: optional(z.string(), 'Version.'),
      build: optional(z.string(), 'Name of the build.'),
      kumaDpCompatible: optional(z.boolean(), 'Whether the daemon supports it.', { default: 'false' }),
    }),
    'The proxy; the same program as the daemon.',
  ),
  dependencies: optional(z.record(z.string(), z.string()), 'Further programs and their versions.'),
})

export const subscriptionSchema = z.object({
  id: optional(z.string(), 'UUID of the session.'),
  controlPlaneInstanceId: optional(z.string(), 'The control plane that had it.'),
  connectTime: optional(z.string(), 'When it began.', TIME),
  disconnectTime: optional(z.string(), 'When it ended; absent while it lasts.', TIME),
  generation: optional(z.int(), 'Counts changes of connection.', { default: '0' }),
  status: optional(statusSchema, 'Snapshots of the session.'),
  version: optional(versionSchema, 'Programs on the other end.'),
})

/** `subscriptions` of an insight. */
export const subscriptionsField = optional(z.array(subscriptionSchema), 'The last sessions, oldest first.')
