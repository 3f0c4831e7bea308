/**
 * `GET /meshes/{mesh}/_applied?version=E-R&timeout=30s`: whom a write has changed, and who runs it; waits for it, and is
 * the same promise as `?wait=applied` of the write. `version` may name many: `1-7,1-9..1-12`; without it, all writes.
 */
import { dataplane } from '../../kinds/proxy/dataplane.ts'
import { applied } from '../../push/delivery/applied.ts'
import { readAsked } from '../../push/delivery/asked.ts'
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
    async handle({ params, query, gone }) {
      const { mesh = '' } = params
      await requireMesh(context, mesh)
      const { store, live } = context
      const now = { epoch: store.epoch, revision: store.revision() }
      const asked = readAsked(query.get('version'), now)
      const timeout = readTimeout(query)
      if (!timeout.ok) return refused('timeout', timeout.message)
      if (typeof asked === 'string') return refused('version', asked)
      const result = await applied(live, { mesh, ...asked, timeoutMs: timeout.ms, gone: gone() })
      return { status: result.isComplete ? 200 : 202, value: { applied: result } }
    },
  }
}

function refused(field: string, message: string): Answer {
  return invalid(TITLE, [{ field, message }])
}
