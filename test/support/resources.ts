/** Builders of stored resources: what the test does not say is the plainest there is. */
import type { Labels, Resource } from '../../cp/kinds/kind.ts'
import type { MeshSpec } from '../../cp/kinds/mesh/mesh.ts'
import type { DataplaneSpec } from '../../cp/kinds/proxy/dataplane.ts'
import type { MeshTrafficPermissionSpec } from '../../cp/kinds/security/mesh-traffic-permission.ts'
import type { TargetRef } from '../../cp/kinds/target-ref.ts'

type Tags = Readonly<Record<string, string>>

export function aMesh(name = 'default', options: { mtls?: boolean } = {}): Resource<MeshSpec> {
  const mtls = { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' as const }] }
  return resource('Mesh', '', name, options.mtls === false ? {} : { mtls })
}

/** One inbound on 8080 for `service`, outbounds from 10001 on for each of `calls`. */
export function aDataplane(
  name: string,
  options: {
    service?: string
    address?: string
    protocol?: string
    tags?: Tags
    calls?: readonly (string | Tags)[]
    labels?: Labels
    state?: 'Ready' | 'NotReady' | 'Ignored'
    port?: number
    section?: string
  } = {},
): Resource<DataplaneSpec> {
  const { service = name, address = '192.168.0.1', protocol = 'http', calls = [], port = 8080 } = options
  const spec: DataplaneSpec = {
    networking: {
      address,
      inbound: [
        {
          port,
          servicePort: 80,
          tags: { 'kuma.io/service': service, 'kuma.io/protocol': protocol, ...options.tags },
          ...(options.state === undefined ? {} : { state: options.state }),
          ...(options.section === undefined ? {} : { name: options.section }),
        },
      ],
      outbound: calls.map((called, i) => ({
        port: 10_001 + i,
        tags: typeof called === 'string' ? { 'kuma.io/service': called } : { ...called },
      })),
    },
  }
  return resource('Dataplane', 'default', name, spec, options.labels)
}

/** `from`: pairs of client and action, weakest first. */
export function aPermission(
  name: string,
  targetRef: TargetRef | undefined,
  from: readonly (readonly [TargetRef, 'Allow' | 'Deny' | 'AllowWithShadowDeny'])[],
  labels?: Labels,
): Resource<MeshTrafficPermissionSpec> {
  const spec: MeshTrafficPermissionSpec = {
    ...(targetRef === undefined ? {} : { targetRef }),
    from: from.map(([ref, action]) => ({ targetRef: ref, default: { action } })),
  }
  return resource('MeshTrafficPermission', 'default', name, spec, labels)
}

export function resource<Spec>(
  type: string,
  mesh: string,
  name: string,
  spec: Spec,
  labels: Labels = {},
): Resource<Spec> {
  const time = '2026-01-01T00:00:00Z'
  return { type, mesh, name, labels, spec, creationTime: time, modificationTime: time, revision: 1 }
}
