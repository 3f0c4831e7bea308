/** Whether the health service of gRPC says SERVING: grpc.health.v1.Health/Check. */
import { healthOf, healthQuestion } from '../../cluster/health/grpc-health.ts'
import type { Asked } from './asked.ts'
import { callHttp2 } from './http2.ts'

const OK = '0'
const NOT_FOUND = '5'
const UNIMPLEMENTED = '12'

export async function askGrpc(asked: Asked, service: string, signal: AbortSignal): Promise<string> {
  const fields = {
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  }
  const answer = await callHttp2(asked, fields, healthQuestion(service), signal)
  if (typeof answer === 'string') return answer
  if (answer.status !== 200) return `answered HTTP ${answer.status}`
  const status = String(answer.fields['grpc-status'] ?? '')
  if (status === UNIMPLEMENTED) return 'it has no service grpc.health.v1.Health'
  if (status === NOT_FOUND) return `its health service does not know the service '${service}'`
  if (status !== OK) return status === '' ? 'the answer is no gRPC' : `answered gRPC status ${status}`
  const health = healthOf(answer.body)
  return health === 'SERVING' ? '' : `answered ${health}`
}
