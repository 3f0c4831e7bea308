/**
 * Names and labels of resources (kuma-api 4.2): their rules with Kuma's messages, the labels that the control plane
 * adds, and those that never change. Pure; the zone is given.
 */
import { keyAt } from './field-path.ts'
import { sortedKeys, violation } from './fields.ts'
import type { Kind, Labels, ResourceDraft, Violation } from './kind.ts'

export const MESH_LABEL = 'kuma.io/mesh'
export const ORIGIN_LABEL = 'kuma.io/origin'
export const ZONE_LABEL = 'kuma.io/zone'
export const ENV_LABEL = 'kuma.io/env'
export const DISPLAY_NAME_LABEL = 'kuma.io/display-name'
export const PROXY_TYPE_LABEL = 'kuma.io/proxy-type'
export const EFFECT_LABEL = 'kuma.io/effect'

type Draft = Pick<ResourceDraft, 'mesh' | 'name' | 'labels' | 'spec'>
type KindFacts = Pick<Kind, 'type' | 'scope' | 'computedLabels'>

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const MESH_NAME = /^[0-9a-z\-_.]*$/
const LABEL_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const NAME_LIMIT = 253
const LABEL_LIMIT = 63

/** Name, then mesh (of kinds that are in one), then the form of labels. */
export function metaViolations(kind: KindFacts, draft: Omit<Draft, 'spec'>): Violation[] {
  return [
    ...nameViolations(draft.name),
    ...(kind.scope === 'Mesh' ? meshNameViolations(draft.mesh) : []),
    ...sortedKeys(draft.labels).flatMap(key => labelFormViolations(key, draft.labels[key] ?? '')),
  ]
}

export function nameViolations(name: string): Violation[] {
  if (name === '') return [violation('name', 'cannot be empty')]
  const violations: Violation[] = []
  if (name.length > NAME_LIMIT) {
    violations.push(violation('name', `value length must less or equal ${NAME_LIMIT}`))
  }
  if (!NAME.test(name)) {
    violations.push(
      violation(
        'name',
        "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      ),
    )
  }
  return violations
}

function meshNameViolations(mesh: string): Violation[] {
  if (mesh === '') return [violation('mesh', 'cannot be empty')]
  if (MESH_NAME.test(mesh)) return []
  const message =
    "invalid characters. Valid characters are numbers, lowercase latin letters and '-', '_', '.' symbols."
  return [violation('mesh', message)]
}

/** What the labels of a resource may say, given what it is and where; call it before `computeLabels`. */
export function labelViolations(kind: KindFacts, draft: Draft, zone: string): Violation[] {
  const { labels } = draft
  const violations: Violation[] = []
  const refuse = (label: string, message: string): void => {
    violations.push(violation(keyAt('labels', label), message))
  }
  const mesh = labels[MESH_LABEL]
  if (kind.scope === 'Mesh' && mesh !== undefined && mesh !== draft.mesh) {
    refuse(MESH_LABEL, 'kuma.io/mesh label must not differ from mesh set on resource')
  }
  const origin = labels[ORIGIN_LABEL]
  if (origin === 'global') refuse(ORIGIN_LABEL, "the origin label must be set to 'zone'")
  else if (origin !== undefined && origin !== 'zone') {
    refuse(ORIGIN_LABEL, `unknown resource origin ${JSON.stringify(origin)}`)
  }
  if (labels[ZONE_LABEL] !== undefined && labels[ZONE_LABEL] !== zone) {
    refuse(ZONE_LABEL, `kuma.io/zone label should have ${zone} value`)
  }
  return violations
}

/** The labels as they are stored: the user's, and those that the control plane computes; keys sorted. */
export function computeLabels(kind: KindFacts, draft: Draft, zone: string): Labels {
  const labels: Record<string, string> = { ...draft.labels }
  if (kind.scope === 'Mesh' && (kind.computedLabels === 'full' || kind.computedLabels === 'mesh')) {
    labels[MESH_LABEL] ??= draft.mesh
  }
  if (kind.computedLabels === 'full' || kind.computedLabels === 'zone') {
    labels[ORIGIN_LABEL] ??= 'zone'
    labels[ZONE_LABEL] ??= zone
    labels[ENV_LABEL] = 'universal'
  }
  if (kind.type === 'Dataplane')
    labels[PROXY_TYPE_LABEL] = isBuiltinGateway(draft.spec) ? 'gateway' : 'sidecar'
  return sortedLabels(labels)
}

const IMMUTABLE = [ORIGIN_LABEL, ZONE_LABEL, DISPLAY_NAME_LABEL]

/** What an update may not change; both sides with computed labels. */
export function immutableLabelViolations(before: Labels, after: Labels): Violation[] {
  return IMMUTABLE.flatMap(label => {
    const was = before[label]
    const is = after[label]
    if (was === undefined || was === is) return []
    const message =
      is === undefined
        ? `is immutable, cannot be removed (was ${JSON.stringify(was)})`
        : `is immutable, cannot be changed from ${JSON.stringify(was)} to ${JSON.stringify(is)}`
    return [violation(keyAt('labels', label), message)]
  })
}

/** What people see as the name. */
export function displayName(resource: { readonly name: string; readonly labels: Labels }): string {
  return resource.labels[DISPLAY_NAME_LABEL] ?? resource.name
}

export function sortedLabels(labels: Labels): Labels {
  return Object.fromEntries(sortedKeys(labels).map(key => [key, labels[key] ?? '']))
}

function labelFormViolations(key: string, value: string): Violation[] {
  const field = keyAt('labels', key)
  return [
    ...labelKeyFaults(key).map(message => violation(field, message)),
    ...(value.length > LABEL_LIMIT
      ? [violation(field, `must be no more than ${LABEL_LIMIT} characters`)]
      : []),
    ...(value === '' || LABEL_NAME.test(value)
      ? []
      : [
          violation(
            field,
            `a valid label must be an empty string or consist of ${CHARACTERS} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
          ),
        ]),
  ]
}

const CHARACTERS =
  "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

/** Kubernetes' qualified names: `[PREFIX/]NAME`. */
function labelKeyFaults(key: string): string[] {
  const slash = key.indexOf('/')
  const prefix = slash < 0 ? null : key.slice(0, slash)
  const name = key.slice(slash + 1)
  const faults: string[] = []
  if (prefix === '') faults.push('prefix part must be non-empty')
  else if (prefix !== null && (prefix.length > NAME_LIMIT || !NAME.test(prefix))) {
    faults.push(
      "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    )
  }
  if (name === '') faults.push('name part must be non-empty')
  else if (name.length > LABEL_LIMIT) {
    faults.push(`name part must be no more than ${LABEL_LIMIT} characters`)
  }
  if (name !== '' && !LABEL_NAME.test(name)) {
    faults.push(
      `name part must consist of ${CHARACTERS} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    )
  }
  return faults
}

function isBuiltinGateway(spec: unknown): boolean {
  let place = spec
  for (const name of ['networking', 'gateway', 'type']) {
    if (typeof place !== 'object' || place === null) return false
    place = Object.entries(place).find(([key]) => key === name)?.[1]
  }
  return place === 'BUILTIN'
}
