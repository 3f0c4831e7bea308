/** What a resource asks for and nothing enforces yet: said in the answer, refused where traffic would pass unchecked. */
import type { Kind, Unenforced } from '../../kinds/kind.ts'
import type { Answer } from '../http/answer.ts'
import { INVALID, problem } from '../problem.ts'
import type { ApiRequest } from '../request.ts'

export function unenforcedSentence({ type }: Kind, { field, message }: Unenforced): string {
  return `${field === '' ? type : field} is stored and not enforced yet: ${message}`
}

/** The answer to what would fail open, unless the caller accepts that; null: go on. */
export function refusedUnenforced(request: ApiRequest, found: readonly Unenforced[]): Answer | null {
  const open = found.filter(({ refusesTraffic }) => refusesTraffic)
  return open.length === 0 || acceptsUnenforced(request) ? null : wouldFailOpen(open)
}

/** Clients of Kuma cannot add parameters; their configuration can hold headers. */
function acceptsUnenforced({ query, headers }: ApiRequest): boolean {
  return query.get('acceptUnenforced') === 'true' || headers['x-vmesh-accept-unenforced'] === 'true'
}

function wouldFailOpen(unenforced: readonly Unenforced[]): Answer {
  const remedy =
    'to store it all the same, add ?acceptUnenforced=true or the header x-vmesh-accept-unenforced: true'
  return problem({
    status: 400,
    title: 'Could not process a resource',
    detail: INVALID,
    violations: unenforced.map(({ field, message }) => ({
      field,
      message: `is not enforced yet: ${message}; ${remedy}`,
    })),
  })
}
