/** Tags and labels of Kuma itself, and those that look like a misspelling of one: they mean nothing to anybody. */
import { nearest } from '#base/text/nearest.ts'
import { fieldAt, itemAt, keyAt } from '../field-path.ts'
import { isObject } from './decode.ts'

const PREFIX = 'kuma.io/'

/** Without their prefix. */
const KNOWN = [
  'service',
  'protocol',
  'zone',
  'mesh',
  'instance',
  'workload',
  'external-service-name',
  'external-service-id',
  'gateway',
  'display-name',
  'env',
  'origin',
  'effect',
  'managed-by',
  'policy-role',
  'proxy-type',
  'region',
  'listener-zoneingress',
  'listener-zoneegress',
]

export interface MisspeltTag {
  /** Path of the map that it stands in. */
  readonly field: string
  readonly tag: string
  readonly meant: string
}

/** Deeper than any kind: what people send may be as deep as its size allows. */
const DEPTH = 20

/** All in a document, in its order. */
export function misspeltTags(value: unknown, path = '', depth = DEPTH): MisspeltTag[] {
  if (depth === 0) return []
  if (Array.isArray(value))
    return value.flatMap((item, index) => misspeltTags(item, itemAt(path, index), depth - 1))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, member]) => {
    if (!key.startsWith(PREFIX))
      return misspeltTags(member, /^\w+$/.test(key) ? fieldAt(path, key) : keyAt(path, key), depth - 1)
    const name = key.slice(PREFIX.length)
    const meant = KNOWN.includes(name) ? undefined : nearest(name, KNOWN)
    const isThere = meant !== undefined && Object.hasOwn(value, PREFIX + meant)
    return meant === undefined || isThere ? [] : [{ field: path, tag: key, meant: PREFIX + meant }]
  })
}
