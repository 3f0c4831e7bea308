/** What an inspect request is about: the mesh as compiled, and the data plane or resource of the path; or the 404. */
import type { Kind, Resource } from '../../kinds/kind.ts'
import { type DataplaneSpec, dataplane as dataplaneKind } from '../../kinds/proxy/dataplane.ts'
import type { MeshView } from '../../match/view.ts'
import type { MeshIndex } from '../../snapshot/mesh-view.ts'
import type { Answer } from '../http/answer.ts'
import { notFound, problem } from '../problem.ts'
import type { ApiContext, ApiRequest, Endpoint } from '../request.ts'
import { readRight, requireMesh } from '../resources.ts'

export interface Subject {
  readonly view: MeshView
  readonly dataplane: Resource<DataplaneSpec>
  readonly request: ApiRequest
}

/** @param title of the 404 for a Dataplane that does not exist */
export function dataplaneEndpoint(
  context: ApiContext,
  title: string,
  handle: (subject: Subject) => Answer,
  before: (view: MeshView) => Answer | null = () => null,
): Endpoint {
  return {
    right: readRight(dataplaneKind),
    operation: title,
    async handle(request) {
      const view = await meshOf(context, request)
      if (view === undefined) return notFound(title)
      const refused = before(view)
      if (refused !== null) return refused
      const dataplane = view.dataplane(request.params['name'] ?? '')
      return dataplane === undefined ? notFound(title) : handle({ view, dataplane, request })
    },
  }
}

/** @param handle gets the resource of the path, undefined when there is none */
export function resourceEndpoint(
  context: ApiContext,
  kind: Kind,
  title: string,
  handle: (view: MeshIndex, resource: Resource | undefined, request: ApiRequest) => Answer,
): Endpoint {
  return {
    right: readRight(kind),
    operation: title,
    async handle(request) {
      const view = await meshOf(context, request)
      if (view === undefined) return notFound(title)
      const name = request.params['name'] ?? ''
      return handle(
        view,
        view.resources(kind.type).find(one => one.name === name),
        request,
      )
    },
  }
}

export function badRequest(reason: string): Answer {
  return problem({ status: 400, title: 'Bad Request', detail: `bad request: ${reason}` })
}

/** By name. */
export function dataplanesOf(view: MeshIndex): readonly Resource<DataplaneSpec>[] {
  return [...view.dataplaneNames()].sort().flatMap(name => view.dataplane(name) ?? [])
}

/** Throws `store.mesh-missing`. */
async function meshOf(context: ApiContext, { params }: ApiRequest): Promise<MeshIndex | undefined> {
  const { mesh = '' } = params
  await requireMesh(context, mesh)
  return context.live.mesh(mesh)
}
