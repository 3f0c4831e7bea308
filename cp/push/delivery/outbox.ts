/**
 * What one data plane still has to be told: at most one snapshot is on its way, and only the newest one waits
 * behind it. A frame holds the sections that differ from what the data plane acknowledged.
 */
import type { Violation } from '#contract/reader.ts'
import type { Version } from '#contract/snapshot.ts'
import type { ProxySnapshot } from '../../snapshot/builder.ts'
import { changedNames, removedNames } from '../../snapshot/sections.ts'

type Digests = ReadonlyMap<string, { readonly digest: string }>

const NOTHING: Digests = new Map()

/** How far one data plane has come. */
export interface Delivery {
  /** The data plane runs the newest snapshot it was offered (or refused it). */
  readonly isSettled: boolean
  /** What it runs; null: nothing that it told of. */
  readonly acknowledged: Version | null
  /** When it told so in this session, ms since 1970; null: it came with what it runs. */
  readonly acknowledgedMs: number | null
  /** Why it does not run the newest one; null: it has refused nothing since it last took one. */
  readonly refusal: Refusal | null
}

export interface Refusal {
  readonly version: Version
  readonly violations: readonly Violation[]
}

export class Outbox implements Delivery {
  readonly #send: (frame: string) => void
  /** What the data plane runs. */
  #base: Version | null = null
  #running: Digests = NOTHING
  #onItsWay: ProxySnapshot | null = null
  #waiting: ProxySnapshot | null = null
  #refusal: Refusal | null = null
  #acknowledgedMs: number | null = null

  /** `have`: what the data plane said it runs. */
  constructor(
    send: (frame: string) => void,
    have: { readonly version: Version; readonly digests: Readonly<Record<string, string>> } | null,
  ) {
    this.#send = send
    if (have === null) return
    this.#base = have.version
    this.#running = new Map(Object.entries(have.digests).map(([name, digest]) => [name, { digest }]))
  }

  get isSettled(): boolean {
    return this.#onItsWay === null && this.#waiting === null
  }

  get acknowledged(): Version | null {
    return this.#base
  }

  get acknowledgedMs(): number | null {
    return this.#acknowledgedMs
  }

  get refusal(): Refusal | null {
    return this.#refusal
  }

  offer(snapshot: ProxySnapshot): void {
    this.#waiting = snapshot
    this.#pump()
  }

  /** True when it answers the snapshot on its way. */
  acknowledge(version: Version): boolean {
    const sent = this.#take(version)
    if (sent === null) return false
    this.#base = sent.version
    this.#running = sent.sections
    this.#refusal = null
    this.#acknowledgedMs = Date.now()
    this.#pump()
    return true
  }

  /** The data plane keeps what it runs. True when it answers the snapshot on its way. */
  refuse(version: Version, violations: readonly Violation[]): boolean {
    if (this.#take(version) === null) return false
    this.#refusal = { version, violations }
    this.#pump()
    return true
  }

  #take(version: Version): ProxySnapshot | null {
    const sent = this.#onItsWay
    if (sent === null || sent.version.epoch !== version.epoch || sent.version.revision !== version.revision)
      return null
    this.#onItsWay = null
    return sent
  }

  #pump(): void {
    const next = this.#waiting
    if (next === null || this.#onItsWay !== null) return
    this.#waiting = null
    this.#onItsWay = next
    this.#send(frameOf(next, this.#base, this.#running))
  }
}

/** A SnapshotFrame of dp/contract/messages.ts, put together from sections that are already JSON. */
function frameOf(snapshot: ProxySnapshot, base: Version | null, running: Digests): string {
  const names = changedNames(running, snapshot.sections)
  const sections = names.map(name => `${JSON.stringify(name)}:${snapshot.sections.get(name)?.json ?? 'null'}`)
  const digests = Object.fromEntries(names.map(name => [name, snapshot.sections.get(name)?.digest]))
  return (
    `{"type":"snapshot","version":${JSON.stringify(snapshot.version)},"base":${JSON.stringify(base)},` +
    `"sections":{${sections.join(',')}},"digests":${JSON.stringify(digests)},` +
    `"removed":${JSON.stringify(removedNames(running, snapshot.sections))}}`
  )
}
