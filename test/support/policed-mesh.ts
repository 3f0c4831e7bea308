/** What a mesh does under one policy: services of each protocol, and a data plane that calls them all. */
import { type ReadResource, readResource } from '../../cp/kinds/validate.ts'
import { actingOf } from './acting.ts'
import { kindNamed } from './bodies.ts'
import { Compiled, meshOf } from './compiled.ts'
import { aDataplane, resource } from './resources.ts'

export type PolicyList = 'to' | 'from' | 'rules' | 'conf'

const DATAPLANES = [
  aDataplane('web-1', { service: 'web', calls: ['http', 'grpc', 'tcp'] }),
  aDataplane('http', { address: '192.168.0.2', tags: { old: 'yes' } }),
  aDataplane('http-2', { service: 'http', address: '192.168.0.3' }),
  aDataplane('grpc', { address: '192.168.0.4', protocol: 'grpc' }),
  aDataplane('tcp', { address: '192.168.0.5', protocol: 'tcp' }),
]

const SELECTORS = {
  sources: [{ match: { 'kuma.io/service': '*' } }],
  destinations: [{ match: { 'kuma.io/service': '*' } }],
}
const HTTP_SELECTORS = {
  ...SELECTORS,
  destinations: [{ match: { 'kuma.io/service': '*', 'kuma.io/protocol': 'http' } }],
}

/** A policy for everybody that says `conf`. */
export function readPolicy(type: string, list: PolicyList, conf: object): ReadResource {
  return readResource(kindNamed(type), {
    type,
    mesh: 'default',
    name: 'p',
    ...bodyOf(type, list, conf),
  })
}

/** What acts in all data planes under it; one that would be refused is taken as it stands. */
export function actingUnder(type: string, list: PolicyList, conf: object): Readonly<Record<string, object>> {
  const read = readPolicy(type, list, conf)
  const { spec, ...flat } = bodyOf(type, list, conf)
  const stored = read.ok ? read.draft.spec : (spec ?? flat)
  const mesh = meshOf([...DATAPLANES, resource(type, 'default', 'p', stored)])
  return Object.fromEntries(
    DATAPLANES.map(({ name }) => [name, actingOf(new Compiled(mesh, name).sections)] as const),
  )
}

type Body = Readonly<Record<string, unknown>> & { readonly spec?: object }

function bodyOf(type: string, list: PolicyList, conf: object): Body {
  if (list === 'conf') return { ...(type === 'FaultInjection' ? HTTP_SELECTORS : SELECTORS), conf }
  const item = list === 'rules' ? { default: conf } : { targetRef: { kind: 'Mesh' }, default: conf }
  return { spec: { targetRef: { kind: 'Mesh' }, [list]: [item] } }
}
