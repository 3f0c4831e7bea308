/**
 * Where logs, metrics and traces are sent (kuma-api 4.12): addresses and URLs as loosely as Kuma checks them, and the
 * OpenTelemetry section with its two ways to name a collector.
 */
import { z } from 'zod'
import { fieldAt } from '../field-path.ts'
import { tagsSchema, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional, required } from '../schema/doc.ts'

export const ENDPOINT_DEPRECATED =
  'openTelemetry.endpoint is deprecated, use openTelemetry.backendRef with a MeshOpenTelemetryBackend resource instead'

const backendRefSchema = z.object({
  kind: required(z.enum(['MeshOpenTelemetryBackend']), 'Kind of the resource.'),
  name: optional(z.string(), 'Its name.', { rule: 'instead of labels' }),
  labels: optional(tagsSchema, 'Labels that select it.', { rule: 'instead of name' }),
})

/** Fields of an `openTelemetry` section. */
export const collectorFields = {
  endpoint: optional(z.string(), 'Address and port of the collector, gRPC.', {
    default: 'port 4317',
    rule: 'host:port, not a URL; either this or backendRef',
  }),
  backendRef: optional(backendRefSchema, 'A MeshOpenTelemetryBackend that names the collector.', {
    rule: 'either this or endpoint',
  }),
}

interface Collector {
  readonly endpoint?: string | undefined
  readonly backendRef?: z.infer<typeof backendRefSchema> | undefined
}

/** Exactly one of the two, and a right one. @param path of the section */
export function collectorViolations({ endpoint = '', backendRef }: Collector, path: string): Violation[] {
  if (endpoint !== '' && backendRef !== undefined) {
    return [violation(path, 'openTelemetry must have only one type defined: endpoint, backendRef')]
  }
  if (backendRef !== undefined) return refViolations(backendRef, fieldAt(path, 'backendRef'))
  if (endpoint === '') {
    return [violation(path, 'openTelemetry must have exactly one defined: endpoint, backendRef')]
  }
  if (!/[/?#]/.test(endpoint)) return []
  return [violation(fieldAt(path, 'endpoint'), 'must be in host:port format, not a URL')]
}

/** The collector is named in the policy itself. */
export function hasInlineEndpoint(collector: Collector | undefined): boolean {
  return collector?.backendRef === undefined && (collector?.endpoint ?? '') !== ''
}

const HOST = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]|[A-Za-z0-9][\w-]*[A-Za-z0-9](?:\.[\w-]+)*\.?)$/

/** As Kuma's library has it: a host of two letters or more with a port, a scheme or a dot; path and user may follow. */
export function isUrl(text: string): boolean {
  if (text.length < 4 || text.length > 2082 || /\s/.test(text)) return false
  const [, scheme, host = '', port] =
    /^((?:ftp|tcp|udp|wss?|https?):\/\/)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d{1,5}))?(?:[/?#].*)?$/.exec(
      text,
    ) ?? []
  return HOST.test(host) && (scheme !== undefined || port !== undefined || text.includes('.'))
}

/** The one section that is there names the backend: Kuma 2.1 had no `type`. */
export function typeOfSections<Type extends string>(
  backend: Readonly<Record<string, unknown>>,
  sections: Readonly<Record<Type, string>>,
): Type | undefined {
  const types = Object.keys(sections) as Type[]
  const present = types.filter(type => backend[sections[type]] !== undefined)
  return present.length === 1 ? present[0] : undefined
}

function refViolations(ref: z.infer<typeof backendRefSchema>, path: string): Violation[] {
  const hasName = (ref.name ?? '') !== ''
  const hasLabels = Object.keys(ref.labels ?? {}).length > 0
  if (hasName && hasLabels) {
    return [violation(path, 'backendRef must have only one type defined: name, labels')]
  }
  return hasName || hasLabels
    ? []
    : [violation(path, 'backendRef must have exactly one defined: name, labels')]
}
