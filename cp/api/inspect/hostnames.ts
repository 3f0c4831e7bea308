/** `_hostnames`: the names under which a destination can be called, and in which zones (kuma-api 1.10). */
import { kinds } from '../../kinds/registry.ts'
import { DESTINATION_TYPES } from '../../match/references.ts'
import { ok } from '../http/answer.ts'
import { notFound } from '../problem.ts'
import type { ApiContext, Route } from '../request.ts'
import { resourceEndpoint } from './subject.ts'

const TITLE = 'could not retrieve service'

interface WithAddresses {
  readonly status?: { readonly addresses?: readonly { readonly hostname?: string }[] }
}

/** For the kinds of destinations that are there. */
export function hostnameRoutes(context: ApiContext): readonly Route[] {
  return kinds
    .filter(({ type }) => DESTINATION_TYPES.includes(type))
    .map(kind => ({
      path: `/meshes/:mesh/${kind.path}/:name/_hostnames`,
      methods: {
        GET: resourceEndpoint(context, kind, TITLE, (_view, resource) => {
          if (resource === undefined) return notFound(TITLE)
          const { status } = resource as WithAddresses
          const names = (status?.addresses ?? []).flatMap(({ hostname }) => hostname ?? [])
          const items = names.map(hostname => ({ hostname, zones: [{ name: context.zone }] }))
          return ok({ total: items.length, items })
        }),
      },
    }))
}
