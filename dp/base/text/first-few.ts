/** Lists of faults come from input that may hold any number of them; answers, frames and logs name the first and count the rest. */

const MOST = 100

/** All, or the first hundred and what `rest` says of the others. */
export function firstFew<T>(all: readonly T[], rest: (count: number) => T): readonly T[] {
  return all.length <= MOST ? all : [...all.slice(0, MOST), rest(all.length - MOST)]
}

/** `19900 more faults are not listed`. */
export function moreFaults(count: number): string {
  return `${count} more fault${count === 1 ? ' is' : 's are'} not listed`
}
