/**
 * ProxyTemplate: raw configuration for Envoy (kuma-api 4.9). Flat, mesh. It is stored as it is and means nothing to our
 * data planes; what is checked is that it is complete and that the Envoy parts are YAML.
 */
import { z } from 'zod'
import { messageOf } from '#base/errors.ts'
import { parseDocument } from '#base/yaml.ts'
import { fieldAt, itemAt } from '../field-path.ts'
import { tagsSchema, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { selectorsField, selectorsViolations } from '../legacy/selectors.ts'
import { isObject } from '../schema/decode.ts'
import { optional } from '../schema/doc.ts'

/** Kuma's sets of generated configuration; the short names are those of its documentation. */
const PROFILES = [
  'default-proxy',
  'ingress-proxy',
  'egress-proxy',
  'gateway-proxy',
  'ingress',
  'egress',
  'gateway',
]
const OPERATIONS = ['add', 'patch', 'remove']
const FILTER_OPERATIONS = ['addFirst', 'addLast', 'addBefore', 'addAfter', 'patch', 'remove']

const match = {
  origin: optional(z.string(), 'What it was generated for, such as inbound, outbound or prometheus.'),
  name: optional(z.string(), 'Its name.'),
}
const filterMatch = {
  ...match,
  listenerName: optional(z.string(), 'Name of the listener that it is in.'),
  listenerTags: optional(tagsSchema, 'Tags of the listener that it is in.'),
}

const clusterSchema = modification(match, OPERATIONS)
const listenerSchema = modification({ ...match, tags: optional(tagsSchema, 'Its tags.') }, OPERATIONS)
const filterSchema = modification(filterMatch, FILTER_OPERATIONS)
const virtualHostSchema = modification(
  {
    ...match,
    routeConfigurationName: optional(z.string(), 'Name of the route configuration that it is in.'),
  },
  OPERATIONS,
)

const modificationSchema = z.object({
  cluster: optional(clusterSchema, 'Clusters.'),
  listener: optional(listenerSchema, 'Listeners.'),
  networkFilter: optional(filterSchema, 'Network filters.'),
  httpFilter: optional(filterSchema, 'HTTP filters.'),
  virtualHost: optional(virtualHostSchema, 'Virtual hosts.'),
})

const proxyTemplateSchema = z.object({
  selectors: selectorsField('Data planes whose inbounds or gateway have these tags.'),
  conf: optional(
    z.object({
      imports: optional(z.array(z.string()), 'Sets of generated configuration that are taken in.', {
        rule: PROFILES.join(', '),
      }),
      resources: optional(
        z.array(
          z.object({
            name: optional(z.string(), 'Name of the resource.', { rule: 'not empty' }),
            version: optional(z.string(), 'Version of the resource.', { rule: 'not empty' }),
            resource: optional(z.string(), 'The resource, as a YAML text.', { rule: 'not empty; YAML' }),
          }),
        ),
        'Resources of Envoy that are added.',
      ),
      modifications: optional(z.array(modificationSchema), 'Changes to what was generated.', {
        rule: 'each has one of the fields',
      }),
    }),
    'What Envoy is given.',
  ),
})

export type ProxyTemplateSpec = z.infer<typeof proxyTemplateSchema>
type Conf = NonNullable<ProxyTemplateSpec['conf']>
type Modification = z.infer<typeof modificationSchema>
type Filter = z.infer<typeof filterSchema>

export const proxyTemplate = defineKind<ProxyTemplateSpec>({
  type: 'ProxyTemplate',
  path: 'proxytemplates',
  scope: 'Mesh',
  encoding: 'flat',
  isPolicy: true,
  computedLabels: 'mesh',
  doc:
    'A ProxyTemplate changes the configuration of Envoy, the proxy of Kuma. Our data planes are no Envoy: it is kept ' +
    'so that documents can be moved without loss.',
  schema: proxyTemplateSchema,
  notEnforced: {
    message: 'it configures Envoy, which does not run here; nothing is changed by it',
    refusesTraffic: false,
  },
  check: ({ selectors = [], conf }) => [
    ...(selectors.length === 0 ? [] : selectorsViolations(selectors, 'selectors', { needsService: true })),
    ...(conf === undefined ? [] : confViolations(conf, 'conf')),
  ],
})

function modification<Match extends z.ZodRawShape>(fields: Match, operations: readonly string[]) {
  return z.object({
    operation: optional(z.string(), 'What is done.', { rule: operations.join(', ') }),
    match: optional(z.object(fields), 'Only those that match all of this; not with add.', { default: 'all' }),
    value: optional(z.string(), 'Configuration of Envoy, as a YAML text.', { rule: 'not with remove' }),
  })
}

function confViolations(
  { imports = [], resources = [], modifications = [] }: Conf,
  path: string,
): Violation[] {
  return [
    ...imports.flatMap((name, i) => {
      if (PROFILES.includes(name)) return []
      const message =
        name === '' ? 'cannot be empty' : `profile not found. Available profiles: ${PROFILES.join(',')}`
      return [violation(itemAt(fieldAt(path, 'imports'), i), message)]
    }),
    ...resources.flatMap(({ name = '', version = '', resource = '' }, i) => {
      const field = itemAt(fieldAt(path, 'resources'), i)
      return [
        ...(name === '' ? [violation(fieldAt(field, 'name'), 'cannot be empty')] : []),
        ...(version === '' ? [violation(fieldAt(field, 'version'), 'cannot be empty')] : []),
        ...(resource === ''
          ? [violation(fieldAt(field, 'resource'), 'cannot be empty')]
          : envoyViolations(resource, fieldAt(field, 'resource'))),
      ]
    }),
    ...modifications.flatMap((one, i) =>
      modificationViolations(one, itemAt(fieldAt(path, 'modifications'), i)),
    ),
  ]
}

function modificationViolations(one: Modification, path: string): Violation[] {
  const { cluster, listener, networkFilter, httpFilter, virtualHost } = one
  const names = Object.entries(one).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (names.length > 1) {
    return [violation(path, `must have only one of them defined: ${names.join(', ')}`)]
  }
  return [
    ...resourceViolations(cluster, fieldAt(path, 'cluster'), 'match'),
    ...resourceViolations(listener, fieldAt(path, 'listener'), 'match'),
    ...filterViolations(networkFilter, fieldAt(path, 'networkFilter')),
    ...filterViolations(httpFilter, fieldAt(path, 'httpFilter')),
    ...resourceViolations(virtualHost, fieldAt(path, 'virtualHost'), 'match.name'),
  ]
}

/** @param notWithAdd virtual hosts are added to a route configuration, which `match` may name */
function resourceViolations(
  change: z.infer<typeof clusterSchema> | undefined,
  path: string,
  notWithAdd: 'match' | 'match.name',
): Violation[] {
  if (change === undefined) return []
  const { operation = '', match: place, value = '' } = change
  if (operation === 'remove') return []
  if (operation !== 'add' && operation !== 'patch') return [wrongOperation(path, OPERATIONS)]
  const isMatched = notWithAdd === 'match' ? place !== undefined : (place?.name ?? '') !== ''
  return [
    ...(operation === 'add' && isMatched ? [violation(fieldAt(path, notWithAdd), 'cannot be defined')] : []),
    ...envoyViolations(value, fieldAt(path, 'value')),
  ]
}

const NEEDS_NAME: Readonly<Record<string, string>> = {
  addBefore: 'cannot be empty. You need to pick a filter before which this one will be added',
  addAfter: 'cannot be empty. You need to pick a filter after which this one will be added',
  patch: 'cannot be empty',
}

function filterViolations(change: Filter | undefined, path: string): Violation[] {
  if (change === undefined) return []
  const { operation = '', match: place, value = '' } = change
  if (operation === 'remove') return []
  if (!FILTER_OPERATIONS.includes(operation)) return [wrongOperation(path, FILTER_OPERATIONS)]
  const message = NEEDS_NAME[operation]
  return [
    ...(message !== undefined && (place?.name ?? '') === ''
      ? [violation(fieldAt(path, 'match.name'), message)]
      : []),
    ...envoyViolations(value, fieldAt(path, 'value')),
  ]
}

function wrongOperation(path: string, operations: readonly string[]): Violation {
  const known = operations.map(operation => JSON.stringify(operation)).join(', ')
  return violation(fieldAt(path, 'operation'), `invalid operation. Available operations: ${known}`)
}

/** It has to be a YAML object; what is in it only Envoy knows. */
function envoyViolations(yaml: string, field: string): Violation[] {
  const fault = yamlFault(yaml)
  return fault === null ? [] : [violation(field, `native Envoy resource is not valid: ${fault}`)]
}

function yamlFault(yaml: string): string | null {
  try {
    return isObject(parseDocument(yaml, 'line').value) ? null : 'it is not an object'
  } catch (error) {
    return messageOf(error)
  }
}
