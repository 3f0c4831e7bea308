/** Work on many items at once, told in their order: what a person reads is the order of the files. */

/**
 * Starts the work on all items, at most `limit` at a time, and hands each result to `tell` when all before it were
 * told. The first error stops what has not begun; it is thrown when what runs has ended, after the results that
 * came in were told.
 */
export async function inOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
  tell: (result: R, index: number) => void,
): Promise<void> {
  const results: ({ readonly value: R } | undefined)[] = []
  let failure: { readonly error: unknown } | null = null
  let next = 0
  let told = 0
  const run = async (): Promise<void> => {
    for (let index = next++; index < items.length && failure === null; index = next++) {
      const item = items[index] as T
      try {
        results[index] = { value: await work(item, index) }
      } catch (error) {
        failure ??= { error }
      }
      for (let result = results[told]; result !== undefined; result = results[told])
        tell(result.value, told++)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run))
  if (failure === null) return
  // what ended behind the one that failed
  for (; told < items.length; told++) {
    const result = results[told]
    if (result !== undefined) tell(result.value, told)
  }
  throw (failure as { readonly error: unknown }).error
}
