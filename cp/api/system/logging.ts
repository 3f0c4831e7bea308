/**
 * `/logging` of the diagnostics port, as in Kuma 2.14: which parts of the control plane log at another level than the
 * setting (GET), another level for one of them or for `all` (PUT), back again (DELETE, also of `/logging/PART`). Changes
 * are for callers on this machine: the port asks nobody who he is, and may be open to whoever reads the metrics.
 */
import type { IncomingMessage } from 'node:http'
import { messageOf } from '#base/errors.ts'
import { didYouMean } from '#base/text/nearest.ts'
import { loopbackRefusal } from '../../auth/loopback.ts'
import { readBytes, readValue } from '../http/body.ts'
import { COMPONENT_LEVELS, type ComponentLevel, type LogComponents } from './log-components.ts'

export interface PlainAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Empty: no body. */
  readonly text: string
}

export const LOGGING = '/logging'
const ALL = 'all'
const MAX_BODY_BYTES = 4_096

/** `path`: `/logging` or below. Never throws. */
export async function answerLogging(
  components: LogComponents,
  request: IncomingMessage,
  path: string,
): Promise<PlainAnswer> {
  const name = path.slice(LOGGING.length + 1)
  const allowed = name === '' ? ['GET', 'HEAD', 'PUT', 'DELETE'] : ['DELETE']
  const { method = '' } = request
  if (!allowed.includes(method))
    return { status: 405, headers: { allow: allowed.join(', ') }, text: 'method not allowed\n' }
  if (method === 'GET' || method === 'HEAD') return overrides(components.changed())
  const { remoteAddress } = request.socket
  const why = loopbackRefusal({
    remoteAddress,
    isTls: false,
    headers: request.headers,
    hasTrustedClientCertificate: false,
  })
  if (why !== null) return { status: 403, text: `log levels are changed on this machine only: ${why}\n` }
  try {
    if (method === 'DELETE') return reset(components, name)
    const body = readValue(await readBytes(request, MAX_BODY_BYTES), undefined)
    return body.ok ? set(components, body.value) : wrong(`invalid request body: ${body.message}`)
  } catch (error) {
    return wrong(`invalid request body: ${messageOf(error)}`)
  }
}

function set(components: LogComponents, body: unknown): PlainAnswer {
  const { component, level } = Object(body) as { readonly [field: string]: unknown }
  const named = namedBy(components, component)
  if (!Array.isArray(named)) return named
  const known = COMPONENT_LEVELS.find(one => one === level)
  if (known === undefined)
    return wrong(`invalid log level ${JSON.stringify(level)}: it is one of ${COMPONENT_LEVELS.join(', ')}`)
  components.set(named, known)
  return { status: 200, text: '' }
}

/** What was changed is answered where all of it is taken back. */
function reset(components: LogComponents, name: string): PlainAnswer {
  const before = components.changed()
  const named = namedBy(components, name === '' ? ALL : name)
  if (!Array.isArray(named)) return named
  components.reset(named)
  return name === '' ? overrides(before) : { status: 200, text: '' }
}

function namedBy(components: LogComponents, name: unknown): string[] | PlainAnswer {
  const known = [...components.names, ALL]
  if (name === ALL) return [...components.names]
  if (typeof name === 'string' && known.includes(name)) return [name]
  const choice = `it is one of ${known.join(', ')}`
  if (typeof name !== 'string' || name === '') return wrong(`component is missing: ${choice}`)
  return wrong(`there is no component ${JSON.stringify(name)}: ${choice}${didYouMean(name, known)}`)
}

function overrides(components: Readonly<Record<string, ComponentLevel>>): PlainAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    text: `${JSON.stringify({ components })}\n`,
  }
}

function wrong(sentence: string): PlainAnswer {
  return { status: 400, text: `${sentence}\n` }
}
