/** The table of the comparison, printed as it grows, and written into the results file at the end. */
import { writeResults } from '../results.ts'

export class Report {
  readonly #columns: readonly string[]
  readonly #rows: (readonly string[])[] = []

  /** `peers`: names of the columns. */
  constructor(peers: readonly string[]) {
    this.#columns = ['what', ...peers, 'goal of vmesh']
  }

  add(name: string, cells: readonly string[], goal: string): void {
    this.#rows.push([name, ...cells, goal])
    process.stdout.write(`${name}${goal === '' ? '' : `  (goal ${goal})`}\n`)
    for (const [n, cell] of cells.entries()) {
      process.stdout.write(`    ${(this.#columns[n + 1] ?? '').padEnd(12)}${cell}\n`)
    }
  }

  write(how: string): void {
    writeResults(
      'side by side',
      `${how}; ratios of CPU are to HAProxy in the same round`,
      this.#rows,
      this.#columns,
    )
  }
}

export function ratio(value: number): string {
  return Number.isNaN(value) ? '–' : `${value.toFixed(2)}x`
}
