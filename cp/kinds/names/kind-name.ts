/** The names of one kind, and the way to the kind itself: type, how to load it, what is unusual → KindName. */
import type { Kind } from '../kind.ts'

/** What a path, a label or a table needs of a kind. */
export type Named = Pick<
  Kind,
  | 'type'
  | 'path'
  | 'aliases'
  | 'singular'
  | 'plural'
  | 'scope'
  | 'shortName'
  | 'isPolicy'
  | 'readOnly'
  | 'adminOnly'
>

export interface KindName extends Named {
  /** The kind itself. */
  load(): Promise<Kind>
}

/** `other`: what differs from a kind in a mesh whose words are those of its type. */
export function named(type: string, load: () => Promise<Kind>, other: Partial<Named> = {}): KindName {
  const singular = other.singular ?? type.toLowerCase()
  const plural = other.plural ?? `${singular}s`
  return {
    type,
    path: plural,
    aliases: [],
    singular,
    plural,
    scope: 'Mesh',
    shortName: '',
    isPolicy: false,
    readOnly: false,
    adminOnly: false,
    ...other,
    load,
  }
}
