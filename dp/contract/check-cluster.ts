/** Unknown JSON → Cluster, faults noted with their paths. */
import type { Balancer, HashPolicy } from './balancer.ts'
import type { Cluster, Endpoint } from './cluster.ts'
import type { Reader } from './reader.ts'
import { readConduct } from './resilience/conduct.ts'
import { MAX_WEIGHT } from './route.ts'

/** As in Kuma's validation: larger tables cost memory and time for nothing. */
const MAX_RING_SIZE = 8_388_608
const MAX_TABLE_SIZE = 5_000_011

export function readCluster(reader: Reader): Cluster {
  const tls = reader.nullable('tls')
  return {
    ...(reader.has('protocol') && { protocol: reader.oneOf('protocol', ['http2'] as const) }),
    name: reader.text('name'),
    connectTimeoutMs: reader.integer('connectTimeoutMs', 1, 3_600_000),
    ...readConduct(reader),
    endpoints: reader.list('endpoints').map(readEndpoint),
    tls: tls && {
      sni: tls.text('sni'),
      trustDomain: tls.text('trustDomain'),
      serverIds: tls.texts('serverIds'),
    },
    ...(reader.has('balancer') && { balancer: readBalancer(reader.object('balancer')) }),
    ...(reader.has('hashPolicies') && { hashPolicies: reader.list('hashPolicies').map(readHashPolicy) }),
    ...(reader.has('overprovisioning') && {
      overprovisioning: reader.integer('overprovisioning', 100, MAX_WEIGHT),
    }),
  }
}

function readEndpoint(reader: Reader): Endpoint {
  const locality = reader.nullable('locality')
  return {
    address: reader.text('address'),
    port: reader.port('port'),
    ...(reader.has('weight') && { weight: reader.integer('weight', 1, MAX_WEIGHT) }),
    ...(reader.has('priority') && { priority: reader.integer('priority', 0, 127) }),
    ...(locality && {
      locality: { name: locality.text('name'), weight: locality.integer('weight', 1, MAX_WEIGHT) },
    }),
  }
}

function readBalancer(reader: Reader): Balancer {
  const type = reader.oneOf('type', [
    'round-robin',
    'random',
    'least-request',
    'ring-hash',
    'maglev',
  ] as const)
  switch (type) {
    case 'least-request':
      return { type, choices: reader.integer('choices', 2, 1000) }
    case 'ring-hash':
      return {
        type,
        minSize: reader.integer('minSize', 1, MAX_RING_SIZE),
        maxSize: reader.integer('maxSize', 1, MAX_RING_SIZE),
        hash: reader.oneOf('hash', ['xx-hash', 'murmur-hash-2'] as const),
      }
    case 'maglev':
      return { type, size: reader.integer('size', 1, MAX_TABLE_SIZE) }
    default:
      return { type }
  }
}

function readHashPolicy(reader: Reader): HashPolicy {
  const type = reader.oneOf('type', ['header', 'query', 'cookie', 'connection'] as const)
  const isTerminal = reader.flag('isTerminal')
  if (type === 'connection') return { type, isTerminal }
  const name = reader.text('name')
  if (type !== 'cookie') return { type, name, isTerminal }
  return {
    type,
    name,
    ...(reader.has('path') && { path: reader.text('path') }),
    ...(reader.has('ttlMs') && { ttlMs: reader.integer('ttlMs', 0, Number.MAX_SAFE_INTEGER) }),
    isTerminal,
  }
}
