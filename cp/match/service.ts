/** Which data planes stand behind a MeshService: those that its selector fits (kuma-api 4.13). */
import type { Resource } from '../kinds/kind.ts'
import { type DataplaneSpec, inboundsOf } from '../kinds/proxy/dataplane.ts'
import { hasTags } from './select.ts'
import type { MeshView } from './view.ts'

interface ServiceSpec {
  readonly selector?: {
    readonly dataplaneTags?: Readonly<Record<string, string>> | undefined
    readonly dataplaneRef?: { readonly name?: string | undefined } | undefined
    readonly dataplaneLabels?:
      | { readonly matchLabels?: Readonly<Record<string, string>> | undefined }
      | undefined
  }
}

/** Without a selector none. */
export function selectsService(
  _view: MeshView,
  service: Resource,
  dataplane: Resource<DataplaneSpec>,
): boolean {
  const { dataplaneTags, dataplaneRef, dataplaneLabels } = (service.spec as ServiceSpec).selector ?? {}
  if (dataplaneTags !== undefined) {
    return inboundsOf(dataplane.spec).some(
      ({ tags, state }) => state !== 'Ignored' && hasTags(tags, dataplaneTags),
    )
  }
  if (dataplaneRef !== undefined) return dataplaneRef.name === dataplane.name
  return dataplaneLabels !== undefined && hasTags(dataplane.labels, dataplaneLabels.matchLabels)
}
