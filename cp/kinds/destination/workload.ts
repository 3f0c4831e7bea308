/** Workload: data planes that carry the same label `kuma.io/workload` (kuma-api 4.13). Stored, not enforced yet. */
import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { MAX_SERVICE_NAME } from './service-name.ts'

export const workloadSchema = z.object({})

export const workload = defineKind<z.infer<typeof workloadSchema>>({
  type: 'Workload',
  path: 'workloads',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'wl',
  maxNameLength: MAX_SERVICE_NAME,
  doc: 'A Workload stands for the data planes whose label `kuma.io/workload` is its name. Its spec is empty.',
  schema: workloadSchema,
  notEnforced: {
    message: 'none is made for the labels of Dataplanes, and its data planes are not counted',
    refusesTraffic: false,
  },
  emptyStatus: { dataplaneProxies: { connected: 0, healthy: 0, total: 0 } },
})
