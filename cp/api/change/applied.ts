/**
 * `GET /meshes/{mesh}/_applied?since=E-R&version=E-R&timeout=30s`: whom the commits between two versions touched, and who
 * runs them; waits for it.
 */
import { dataplane } from '../../kinds/proxy/dataplane.ts'
import { applied } from '../../push/delivery/applied.ts'
import type { Wanted } from '../../push/delivery/parts.ts'
import type { Answer } from '../http/answer.ts'
import { invalid } from '../problem.ts'
import type { ApiContext, Endpoint } from '../request.ts'
import { readRight, requireMesh } from '../resources.ts'
import { readTimeout } from './options.ts'

const TITLE = 'Could not tell what is applied'

export function appliedEndpoint(context: ApiContext): Endpoint {
  return {
    right: readRight(dataplane),
    operation: TITLE,
    async handle({ params, query }) {
      const { mesh = '' } = params
      await requireMesh(context, mesh)
      const { store, live } = context
      const now = { epoch: store.epoch, revision: store.revision() }
      const version = readVersion(query.get('version'), now)
      const since = readVersion(query.get('since'), null)
      const timeout = readTimeout(query)
      if (!timeout.ok) return refused('timeout', timeout.message)
      if (version === undefined || version === null) return refused('version', FORM)
      if (since === undefined) return refused('since', FORM)
      const result = await applied(live, { mesh, since, version, timeoutMs: timeout.ms })
      return { status: result.isComplete ? 200 : 202, value: { applied: result } }
    },
  }
}

const FORM = 'must be EPOCH-REVISION, as in the ETag of a write'

/** undefined: it is none. */
function readVersion(text: string | null, absent: Wanted['since']): Wanted['since'] | undefined {
  if (text === null) return absent
  const match = /^"?(\d{1,15})-(\d{1,15})"?$/.exec(text)
  return match === null ? undefined : { epoch: Number(match[1]), revision: Number(match[2]) }
}

function refused(field: string, message: string): Answer {
  return invalid(TITLE, [{ field, message }])
}
