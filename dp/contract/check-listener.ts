/** Unknown JSON → InboundListener or OutboundListener, faults noted with their paths. */

import { readBackends, readRoute } from './check-route.ts'
import { readClientMatch } from './client-match.ts'
import type { InboundListener, InboundTls, ListenerTimeouts, OutboundListener, Upstream } from './listener.ts'
import type { Reader } from './reader.ts'
import { readConduct } from './resilience/conduct.ts'
import { readFault } from './resilience/fault.ts'
import { readConnectionRate, readRateLimit } from './resilience/rate-limit.ts'
import { readRetry } from './resilience/retry.ts'
import { readServiceProbe } from './resilience/service-probe.ts'
import { readMs, readTimeouts } from './resilience/timeouts.ts'

export function readListener(reader: Reader): InboundListener | OutboundListener {
  const isOutbound = reader.oneOf('direction', ['inbound', 'outbound'] as const) === 'outbound'
  return isOutbound ? readOutbound(reader) : readInbound(reader)
}

function readOutbound(reader: Reader): OutboundListener {
  return {
    direction: 'outbound',
    ...readPlace(reader),
    cluster: reader.text('cluster'),
    ...(reader.has('backends') && { backends: readBackends(reader) }),
    ...(reader.has('policy') && { policy: reader.text('policy') }),
    ...(reader.has('routes') && { routes: reader.list('routes').map(readRoute) }),
    ...(reader.has('timeouts') && { timeouts: readListenerTimeouts(reader.object('timeouts')) }),
    ...(reader.has('retry') && { retry: readRetry(reader.object('retry')) }),
    ...(reader.has('connectAttempts') && {
      connectAttempts: reader.integer('connectAttempts', 1, 4_294_967_295),
    }),
  }
}

function readInbound(reader: Reader): InboundListener {
  const tls = reader.nullable('tls')
  return {
    direction: 'inbound',
    ...readPlace(reader),
    service: reader.text('service'),
    upstream: readUpstream(reader.object('upstream')),
    tls: tls && readTls(tls),
    ...(reader.has('timeouts') && { timeouts: readListenerTimeouts(reader.object('timeouts')) }),
    ...(reader.has('clientTimeouts') && {
      clientTimeouts: reader.list('clientTimeouts').map(one => ({
        clients: readClientMatch(one.object('clients')),
        timeouts: readTimeouts(one.object('timeouts')),
      })),
    }),
    ...(reader.has('faults') && { faults: reader.list('faults').map(readFault) }),
    ...(reader.has('rateLimits') && { rateLimits: reader.list('rateLimits').map(readRateLimit) }),
    ...(reader.has('connectionRates') && {
      connectionRates: reader.list('connectionRates').map(readConnectionRate),
    }),
    ...(reader.has('probe') && { probe: readServiceProbe(reader.object('probe')) }),
  }
}

function readPlace(reader: Reader): Pick<InboundListener, 'address' | 'port' | 'protocol'> {
  return {
    address: reader.text('address'),
    port: reader.port('port'),
    protocol: reader.oneOf('protocol', ['http', 'http2', 'tcp'] as const),
  }
}

function readUpstream(reader: Reader): Upstream {
  return {
    address: reader.text('address'),
    port: reader.port('port'),
    ...(reader.has('connectTimeoutMs') && {
      connectTimeoutMs: reader.integer('connectTimeoutMs', 1, 3_600_000),
    }),
    ...readConduct(reader),
  }
}

function readTls(reader: Reader): InboundTls {
  const rules = reader.object('permission').list('rules')
  return {
    trustDomain: reader.text('trustDomain'),
    permission: {
      rules: rules.map(rule => ({
        ...readClientMatch(rule),
        principals: rule.texts('principals'),
        action: rule.oneOf('action', ['allow', 'deny', 'shadow-deny'] as const),
        policy: rule.text('policy'),
      })),
    },
  }
}

function readListenerTimeouts(reader: Reader): ListenerTimeouts {
  return {
    ...readTimeouts(reader),
    ...(reader.has('tcpIdleMs') && { tcpIdleMs: readMs(reader, 'tcpIdleMs') }),
    ...(reader.has('headersMs') && { headersMs: readMs(reader, 'headersMs') }),
  }
}
