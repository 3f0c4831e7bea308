/**
 * Numbers for Prometheus: counters, gauges and histograms by name and labels, and their text exposition (format
 * 0.0.4). In: names, texts and numbers. Out: the page of `/metrics`. Counting is one addition; whoever counts often
 * keeps the series that `of` gave.
 */

export interface Counter {
  /** `amount`: 1 unless given, never negative. */
  add(amount?: number): void
}

export interface Gauge {
  set(value: number): void
  add(amount: number): void
}

export interface Histogram {
  observe(value: number): void
}

/** The series of one name, by the values of its labels in their order. */
export interface Family<Series> {
  of(...values: readonly string[]): Series
  /** Forgets a series whose subject is gone. */
  remove(...values: readonly string[]): void
}

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Seconds: from half a millisecond to ten seconds. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** What comes beyond this in one family is counted together, with every label `other`. */
const MAX_SERIES = 5_000

/** All names of one program; each may be registered once. */
export class Metrics {
  readonly #families = new Map<string, () => readonly string[]>()

  counter(name: string, doc: string): Counter {
    return this.counters(name, doc, []).of()
  }

  counters(name: string, doc: string, labels: readonly string[]): Family<Counter> {
    return this.#register(name, doc, 'counter', labels, () => new Value())
  }

  gauge(name: string, doc: string): Gauge {
    return this.gauges(name, doc, []).of()
  }

  gauges(name: string, doc: string, labels: readonly string[]): Family<Gauge> {
    return this.#register(name, doc, 'gauge', labels, () => new Value())
  }

  /** A number that is asked for when somebody reads the page: `read` has to be cheap and must not throw. */
  read(type: 'counter' | 'gauge', name: string, doc: string, read: () => number): void {
    this.#add(name, doc, type, () => [`${name} ${shown(read())}`])
  }

  histogram(name: string, doc: string, bounds: readonly number[] = LATENCY_BOUNDS): Histogram {
    return this.histograms(name, doc, [], bounds).of()
  }

  /** `bounds`: upper ends of the buckets, rising. */
  histograms(
    name: string,
    doc: string,
    labels: readonly string[],
    bounds: readonly number[] = LATENCY_BOUNDS,
  ): Family<Histogram> {
    return this.#register(name, doc, 'histogram', labels, () => new Buckets(bounds))
  }

  /** The page, families in the order of their registration. */
  text(): string {
    return `${[...this.#families.values()].flatMap(lines => lines()).join('\n')}\n`
  }

  #register<Series extends Shown>(
    name: string,
    doc: string,
    type: string,
    labels: readonly string[],
    create: () => Series,
  ): Family<Series> {
    const family = new SeriesOf(labels, create)
    this.#add(name, doc, type, () => family.lines(name))
    return family
  }

  #add(name: string, doc: string, type: string, lines: () => readonly string[]): void {
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new Error(`${name} is no name of a metric`)
    if (this.#families.has(name)) throw new Error(`the metric ${name} exists already`)
    const head = [
      `# HELP ${name} ${doc.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${name} ${type}`,
    ]
    this.#families.set(name, () => [...head, ...lines()])
  }
}

interface Shown {
  /** `labels`: as printed between braces, without them; empty when there are none. */
  lines(name: string, labels: string): readonly string[]
}

class SeriesOf<Series extends Shown> implements Family<Series> {
  readonly #labels: readonly string[]
  readonly #create: () => Series
  readonly #series = new Map<string, Series>()

  constructor(labels: readonly string[], create: () => Series) {
    this.#labels = labels
    this.#create = create
  }

  of(...values: readonly string[]): Series {
    const key = this.#keyOf(values)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= MAX_SERIES) return this.#make(this.#keyOf(this.#labels.map(() => 'other')))
    return this.#make(key)
  }

  remove(...values: readonly string[]): void {
    this.#series.delete(this.#keyOf(values))
  }

  lines(name: string): readonly string[] {
    return [...this.#series].flatMap(([labels, series]) => series.lines(name, labels))
  }

  #make(key: string): Series {
    const series = this.#series.get(key) ?? this.#create()
    this.#series.set(key, series)
    return series
  }

  #keyOf(values: readonly string[]): string {
    if (values.length !== this.#labels.length)
      throw new Error(`expected values of: ${this.#labels.join(', ')}`)
    return this.#labels.map((label, i) => `${label}="${escapeLabel(values[i] ?? '')}"`).join(',')
  }
}

class Value implements Counter, Gauge, Shown {
  #value = 0

  add(amount = 1): void {
    this.#value += amount
  }

  set(value: number): void {
    this.#value = value
  }

  lines(name: string, labels: string): readonly string[] {
    return [`${name}${braced(labels)} ${shown(this.#value)}`]
  }
}

class Buckets implements Histogram, Shown {
  readonly #bounds: readonly number[]
  /** One more than bounds: the last counts what is beyond them. */
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    let index = this.#bounds.findIndex(bound => value <= bound)
    if (index < 0) index = this.#bounds.length
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#sum += value
  }

  lines(name: string, labels: string): readonly string[] {
    const before = labels === '' ? '' : `${labels},`
    let count = 0
    const buckets = this.#counts.map((counted, i) => {
      count += counted
      return `${name}_bucket{${before}le="${shown(this.#bounds[i] ?? Infinity)}"} ${count}`
    })
    return [
      ...buckets,
      `${name}_sum${braced(labels)} ${shown(this.#sum)}`,
      `${name}_count${braced(labels)} ${count}`,
    ]
  }
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

function shown(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
