/** The prometheus backend of metrics: in a Mesh with its defaults filled in, in a Dataplane as it was written. */
import { z } from 'zod'
import { itemAt } from '../field-path.ts'
import { repeated, tagsSchema, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { re2Fault } from '../re2.ts'
import { filled, optional } from '../schema/doc.ts'
import { uint32 } from '../values.ts'

const aggregateSchema = z.object({
  name: optional(z.string(), 'Name of the application, in the metrics.', { rule: 'unique' }),
  port: optional(uint32, 'Port of its metrics.'),
  path: optional(z.string(), 'Path of its metrics.', { default: '/metrics' }),
  address: optional(z.string(), 'Address of the application.', { default: 'the address of the data plane' }),
  enabled: optional(z.boolean(), 'Whether it is asked.', { default: 'true', keepsZero: true }),
})

const PORT = 'Port on which the data plane offers its metrics.'
const PATH = 'Path on which the data plane offers its metrics.'
const TAGS = 'Tags of the synthetic inbound that offers the metrics.'
const TLS = 'Who may read the metrics.'

const tlsSchema = z.object({
  mode: optional(
    z.enum(['activeMTLSBackend', 'providedTLS', 'disabled']),
    'activeMTLSBackend: with a certificate of the mesh; providedTLS: with own files of the data plane; disabled: plain.',
    { default: 'activeMTLSBackend' },
  ),
})

const others = {
  skipMTLS: optional(z.boolean(), 'Older form of tls.mode: disabled.', { default: 'false' }),
  aggregate: optional(
    z.array(aggregateSchema),
    'Applications whose metrics are joined to those of the data plane.',
  ),
  envoy: optional(
    z.object({
      filterRegex: optional(z.string(), 'Only metrics whose name matches.', { rule: 'RE2 syntax' }),
      usedOnly: optional(z.boolean(), 'Only metrics that were updated.', { default: 'false' }),
    }),
    'Which metrics of the proxy are offered.',
  ),
}

/** Without defaults: `metrics.conf` of a Dataplane. */
export const prometheusOverrideSchema = z.object({
  port: optional(uint32, PORT, { default: "the mesh's" }),
  path: optional(z.string(), PATH, { default: "the mesh's" }),
  tags: optional(tagsSchema, TAGS, { default: "the mesh's" }),
  tls: optional(tlsSchema, TLS),
  ...others,
})

/** With the defaults that Kuma writes into a stored Mesh. */
export const prometheusSchema = z.object({
  port: filled(uint32.default(5670), PORT, { default: '5670' }),
  path: filled(z.string().default('/metrics'), PATH, { default: '/metrics' }),
  tags: filled(tagsSchema.default({ 'kuma.io/service': 'dataplane-metrics' }), TAGS, {
    default: 'kuma.io/service: dataplane-metrics',
  }),
  tls: filled(tlsSchema.default({}), TLS, { default: '{}' }),
  ...others,
})

type PrometheusConf = z.infer<typeof prometheusOverrideSchema>

export function prometheusViolations(conf: PrometheusConf | undefined, path: string): Violation[] {
  const violations: Violation[] = []
  const mode = conf?.tls?.mode
  if (conf?.skipMTLS !== undefined && mode !== undefined && conf.skipMTLS !== (mode === 'disabled')) {
    violations.push(violation(path, 'skipMTLS and tls configuration cannot be defined together'))
  }
  const regex = conf?.envoy?.filterRegex
  if (regex !== undefined && re2Fault(regex) !== null) {
    violations.push(violation(`${path}.envoy.filterRegex`, 'value must be a valid regular expression'))
  }
  const isRepeated = repeated((conf?.aggregate ?? []).map(one => one.name ?? ''))
  for (const [index, isTwice] of isRepeated.entries()) {
    const field = `${itemAt(`${path}.aggregate`, index)}.name`
    if (isTwice) violations.push(violation(field, 'duplicate entry, values have to be unique'))
  }
  return violations
}
