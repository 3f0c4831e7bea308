/** `GET /meshes/{mesh}/_applied?version=E-R&timeout=30s`: who runs what was written up to a version; waits for it. */
import { dataplane } from '../../kinds/proxy/dataplane.ts'
import { appliedVersion } from '../../push/delivery/applied.ts'
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
      const version = readVersion(query.get('version'), context)
      const timeout = readTimeout(query)
      if (!timeout.ok) return refused('timeout', timeout.message)
      if (version === null) return refused('version', 'must be EPOCH-REVISION, as in the ETag of a write')
      const applied = await appliedVersion(context.live, { mesh, version, timeoutMs: timeout.ms })
      return { status: applied.isComplete ? 200 : 202, value: { applied } }
    },
  }
}

/** Left out: what is stored now. */
function readVersion(
  text: string | null,
  { store }: ApiContext,
): { readonly epoch: number; readonly revision: number } | null {
  if (text === null) return { epoch: store.epoch, revision: store.revision() }
  const match = /^"?(\d{1,15})-(\d{1,15})"?$/.exec(text)
  return match === null ? null : { epoch: Number(match[1]), revision: Number(match[2]) }
}

function refused(field: string, message: string): Answer {
  return invalid(TITLE, [{ field, message }])
}
