/** `GET /_kri/{kri}`: the resource with that identifier (kuma-api 1.8). The section of the identifier is not looked at. */
import { parseKri } from '../kinds/identifier.ts'
import { kinds } from '../kinds/registry.ts'
import { denied } from './dispatch.ts'
import { problem } from './problem.ts'
import type { ApiContext, Endpoint } from './request.ts'
import { itemAnswer } from './resources.ts'

const OPERATION = 'Could not retrieve a resource'
const ANY_KIND = { type: 'Resource', adminOnly: false }

export function kriEndpoint(context: ApiContext): Endpoint {
  return {
    right: { check: 'before', action: { type: 'read', kind: ANY_KIND } },
    operation: OPERATION,
    async handle(request) {
      const text = request.params['kri'] ?? ''
      const kri = parseKri(text)
      if (kri === null) return badRequest(`invalid identifier string: ${JSON.stringify(text)}`)
      const kind = kinds.find(({ shortName }) => shortName !== '' && shortName === kri.shortName)
      if (kind === undefined) {
        return badRequest(`unknown short name of resource type: ${JSON.stringify(kri.shortName)}`)
      }
      const mesh = kind.scope === 'Mesh' ? kri.mesh : ''
      const refused = denied(context, request, { type: 'read', kind, mesh, name: kri.name })
      if (refused !== null) return refused
      return itemAnswer(context, kind, { type: kind.type, mesh, name: kri.name }, request)
    },
  }
}

function badRequest(detail: string) {
  return problem({ status: 400, title: 'Bad Request', detail: `bad request: ${detail}` })
}
