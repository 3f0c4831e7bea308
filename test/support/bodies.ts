/** Bodies of resources as people send them, and what the control plane says about them. */
import type { Kind } from '../../cp/kinds/kind.ts'
import { kindByType } from '../../cp/kinds/registry.ts'
import { type ReadResource, readResource } from '../../cp/kinds/validate.ts'

export function kindNamed(type: string): Kind {
  const kind = kindByType(type)
  if (kind === undefined) throw new Error(`there is no kind ${type}`)
  return kind
}

/** Reads `fields` as a resource `x` of mesh `default`, below that URL. */
export function read(type: string, fields: object): ReadResource {
  const kind = kindNamed(type)
  const mesh = kind.scope === 'Mesh' ? { mesh: 'default' } : {}
  return readResource(kind, { type, ...mesh, name: 'x', ...fields }, { ...mesh, name: 'x' })
}

/** `FIELD: MESSAGE` of each violation; none: it was accepted. */
export function faults(type: string, fields: object): readonly string[] {
  const result = read(type, fields)
  return result.ok ? [] : result.violations.map(({ field, message }) => `${field}: ${message}`)
}

/** What is stored; throws with the faults of what is refused. */
export function accepted(type: string, fields: object): Extract<ReadResource, { ok: true }> {
  const result = read(type, fields)
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result)}`)
  return result
}

/** A Dataplane with one inbound of service web and further fields of the inbound. */
export function withInbound(inbound: object = {}, networking: object = {}): object {
  const one = { port: 10_001, servicePort: 8080, tags: { 'kuma.io/service': 'web' }, ...inbound }
  return { networking: { address: '192.168.0.1', inbound: [one], ...networking } }
}
