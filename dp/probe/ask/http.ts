/** Whether a GET is answered with one of the wanted statuses, by HTTP/2 where the application speaks that. */
import type { ServiceProbe } from '#contract/resilience/service-probe.ts'
import type { Asked } from './asked.ts'
import { getHttp1 } from './http1.ts'
import { callHttp2 } from './http2.ts'

export async function askHttp(
  asked: Asked,
  { path, host, statuses }: Extract<ServiceProbe, { type: 'http' }>,
  signal: AbortSignal,
): Promise<string> {
  const found =
    asked.protocol === 'http2'
      ? await statusByHttp2(asked, path, host, signal)
      : await getHttp1(asked, { path, host }, signal)
  if (typeof found === 'string') return found
  return statuses.includes(found) ? '' : `answered ${found}`
}

async function statusByHttp2(
  asked: Asked,
  path: string,
  host: string | undefined,
  signal: AbortSignal,
): Promise<number | string> {
  const fields = { ':path': path, ...(host !== undefined && { ':authority': host }) }
  const answer = await callHttp2(asked, fields, null, signal)
  return typeof answer === 'string' ? answer : answer.status
}
