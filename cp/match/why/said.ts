/** What the policies of one type say about a part of a data plane, value by value. */
import type { Kind } from '../../kinds/kind.ts'
import { type Said, type TracedValue, traced } from './trace.ts'

/** Not empty. */
export interface SaidOf extends Narrowed {
  readonly kind: Kind
  readonly values: readonly TracedValue[]
}

/** For whom it holds; for all where nothing is said of it. */
export interface Narrowed {
  /** Clients that carry these tags; the first that fits a client says what holds for it. */
  readonly clients?: Readonly<Record<string, string>>
  /** Clients that match; of an outbound: requests that do, in place of what holds for all. */
  readonly match?: unknown
}

/** None where the items say nothing. @param items lowest precedence first */
export function saidOf(kind: Kind, items: readonly Said[], narrowed: Narrowed = {}): SaidOf[] {
  const values = traced(items)
  return values.length === 0 ? [] : [{ kind, ...narrowed, values }]
}
