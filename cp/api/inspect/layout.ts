/** The inbounds, outbounds and zone listeners of a data plane with their identifiers (kuma-api 1.10, `_layout`). */
import type { Resource } from '../../kinds/kind.ts'
import { sortedLabels } from '../../kinds/meta.ts'
import { type DataplaneSpec, inboundsOf } from '../../kinds/proxy/dataplane.ts'
import { DESTINATION_TYPES, portsOf, type ResourceSection, resolve } from '../../match/references.ts'
import type { MeshView } from '../../match/view.ts'
import { kriText } from './shapes.ts'

export function layoutOf(view: MeshView, dataplane: Resource<DataplaneSpec>): object {
  return {
    kri: kriText(dataplane),
    labels: sortedLabels(dataplane.labels),
    inbounds: inboundsOf(dataplane.spec).map(({ name, port, protocol }) => ({
      kri: kriText(dataplane, name),
      port,
      protocol,
      proxyResourceName: `self_inbound_dp_${name}`,
    })),
    outbounds: destinationsOf(view, dataplane).map(({ resource, section }) => {
      const port = portsOf(resource).find(({ name }) => name === section)
      const kri = kriText(resource, section)
      return { kri, port: port?.port ?? 0, protocol: port?.protocol ?? 'tcp', proxyResourceName: kri }
    }),
    listeners: (dataplane.spec.networking?.listeners ?? []).map(({ name, type, port }) => {
      const section = name || String(port)
      return {
        kri: kriText(dataplane, section),
        type,
        port,
        proxyResourceName: `self_listener_dp_${section}`,
      }
    }),
  }
}

/** Those that it names; with a transparent proxy it can call all of them. */
function destinationsOf(view: MeshView, { spec }: Resource<DataplaneSpec>): readonly ResourceSection[] {
  const { networking } = spec
  if (networking?.transparentProxying !== undefined) {
    return DESTINATION_TYPES.flatMap(type => view.resources(type))
      .toSorted((a, b) => (kriText(a) < kriText(b) ? -1 : 1))
      .flatMap(resource => portsOf(resource).map(({ name }) => ({ resource, section: name })))
  }
  const named = (networking?.outbound ?? []).flatMap(({ backendRef }) =>
    backendRef === undefined ? [] : resolve(view, backendRef),
  )
  return named.map(({ resource, section }) => ({
    resource,
    section: section === '' ? (portsOf(resource)[0]?.name ?? '') : section,
  }))
}
