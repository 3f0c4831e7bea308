/** How texts of a request are matched, with or without a name. */
import type { Reader } from '../reader.ts'

/** `regex` is of the RE2 syntax and fits the whole value. `segments`: the path, or it and `/` and more. */
export interface TextMatch {
  readonly type: 'exact' | 'prefix' | 'segments' | 'regex'
  readonly value: string
}

export interface NamedMatch extends TextMatch {
  readonly name: string
}

export type HeaderMatch = NamedMatch | { readonly type: 'present' | 'absent'; readonly name: string }

export function readText(reader: Reader): TextMatch {
  return {
    type: reader.oneOf('type', ['exact', 'prefix', 'segments', 'regex'] as const),
    value: reader.text('value'),
  }
}

export function readNamed(reader: Reader): NamedMatch {
  return { name: reader.text('name'), ...readText(reader) }
}

export function readHeaderMatch(reader: Reader): HeaderMatch {
  const name = reader.text('name')
  const types = ['exact', 'prefix', 'segments', 'regex', 'present', 'absent'] as const
  const type = reader.oneOf('type', types)
  return type === 'present' || type === 'absent'
    ? { type, name }
    : { type, name, value: reader.text('value') }
}
