/** One limit as the tables of limits have it: what it is unless set, what it may be, and what it is for. */
export interface Limit {
  readonly default: number
  readonly min: number
  readonly max: number
  /** For the reference: a sentence or two. */
  readonly doc: string
}

/** By name; those in bytes end with `Bytes`, those in milliseconds with `Ms`, others count. */
export type LimitTable = Readonly<Record<string, Limit>>

export type LimitsOf<Table extends LimitTable> = { readonly [Name in keyof Table]: number }

/** 1 GiB, 12 days: what no limit is above unless told. */
export const MOST = 2 ** 30

/** From 1 to `MOST` unless told. */
export function limit(
  value: number,
  doc: string,
  range: { readonly min?: number; readonly max?: number } = {},
): Limit {
  return { default: value, min: range.min ?? 1, max: range.max ?? MOST, doc }
}

export function defaultsOf<Table extends LimitTable>(table: Table): LimitsOf<Table> {
  const values = Object.entries(table).map(([name, one]) => [name, one.default])
  return Object.fromEntries(values) as LimitsOf<Table>
}
