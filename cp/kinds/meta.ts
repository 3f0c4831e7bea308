/**
 * Names and labels of resources (kuma-api 4.2): their form, with Kuma's messages. Which labels the control plane adds
 * and guards is known to the store's door (`store/guard/labels.ts`).
 */
import { keyAt } from './field-path.ts'
import { sortedKeys, violation } from './fields.ts'
import type { Kind, Labels, ResourceDraft, Violation } from './kind.ts'

export const ZONE_LABEL = 'kuma.io/zone'
export const DISPLAY_NAME_LABEL = 'kuma.io/display-name'
export const EFFECT_LABEL = 'kuma.io/effect'

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const MESH_NAME = /^[0-9a-z\-_.]*$/
const LABEL_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const NAME_LIMIT = 253
const LABEL_LIMIT = 63

/** The rule of `isDnsLabel` in the words of Kubernetes. */
export const DNS_LABEL_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

/** The rule of `isSubdomain` in the words of Kubernetes. */
export const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

/** Name, then mesh (of kinds that are in one), then the form of labels. */
export function metaViolations(
  kind: Pick<Kind, 'scope' | 'maxNameLength'>,
  draft: Pick<ResourceDraft, 'mesh' | 'name' | 'labels'>,
): Violation[] {
  return [
    ...nameViolations(draft.name, kind.maxNameLength),
    ...(kind.scope === 'Mesh' ? meshNameViolations(draft.mesh) : []),
    ...sortedKeys(draft.labels).flatMap(key => labelFormViolations(key, draft.labels[key] ?? '')),
  ]
}

/** A DNS name in lower case (RFC 1123): names of resources, prefixes of labels. */
export function isSubdomain(text: string): boolean {
  // the length first: the expression takes long on long texts
  return text.length <= NAME_LIMIT && NAME.test(text)
}

/** One part of a DNS name that starts with a letter (RFC 1035). */
export function isDnsLabel(text: string): boolean {
  return text.length <= LABEL_LIMIT && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text)
}

function nameViolations(name: string, limit: number): Violation[] {
  if (name === '') return [violation('name', 'cannot be empty')]
  if (name.length > limit && limit < NAME_LIMIT) {
    return [violation('name', `must not be longer than ${limit} characters`)]
  }
  if (name.length > NAME_LIMIT) {
    return [violation('name', `value length must less or equal ${NAME_LIMIT}`)]
  }
  if (isSubdomain(name)) return []
  return [
    violation(
      'name',
      "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    ),
  ]
}

function meshNameViolations(mesh: string): Violation[] {
  if (mesh === '') return [violation('mesh', 'cannot be empty')]
  if (MESH_NAME.test(mesh)) return []
  const message =
    "invalid characters. Valid characters are numbers, lowercase latin letters and '-', '_', '.' symbols."
  return [violation('mesh', message)]
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
    ...(value === '' || value.length > LABEL_LIMIT || LABEL_NAME.test(value)
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
  else if (prefix !== null && !isSubdomain(prefix)) {
    faults.push(`prefix part ${SUBDOMAIN_RULE}`)
  }
  if (name === '') faults.push('name part must be non-empty')
  else if (name.length > LABEL_LIMIT) {
    faults.push(`name part must be no more than ${LABEL_LIMIT} characters`)
  } else if (!LABEL_NAME.test(name)) {
    faults.push(
      `name part must consist of ${CHARACTERS} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    )
  }
  return faults
}
