/**
 * The history on disk. A journal segment is history while it is there; before it is removed its revisions go into one
 * of 32 files under history/, chosen by the resource, each line with length and checksum as in the journal. Nothing is
 * kept in memory and nothing is read at the start: who asks for a resource pays for looking through its file.
 * A file that grows over its share of `maxBytes` is written anew with what is to be kept.
 */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { codeOf, messageOf } from '#base/errors.ts'
import { makeFolder, PRIVATE_FILE, PRIVATE_FOLDER, syncFolder, writeFileAtomic } from '#base/files.ts'
import { keyText, type Resource, type ResourceKey } from '../../kinds/kind.ts'
import {
  firstKnown,
  hasHistory,
  needleOf,
  newestOf,
  type Revision,
  revisionsOf,
  revisionText,
} from '../history.ts'
import { frame, generationOf, readHeader } from '../journal.ts'
import { readLines } from './lines.ts'

export interface HistorySettings {
  /** Of each resource; older ones are neither shown nor kept. */
  readonly revisionsPerResource: number
  /** Of all history files; the newest revision of what exists stays whatever it takes. */
  readonly maxBytes: number
}

export const HISTORY_DEFAULTS: HistorySettings = { revisionsPerResource: 20, maxBytes: 128 * 1024 * 1024 }

export interface HistoryFilesOptions {
  /** The store's folder. */
  readonly dir: string
  readonly epoch: number
  readonly settings: HistorySettings
  readonly warn: (message: string, details: Readonly<Record<string, unknown>>) => void
}

const HISTORY_FOLDER = 'history'
/** While it is not complete. */
const UNFINISHED_FOLDER = 'history.unfinished'
const FILES = 32
/** Of a segment, held in memory at a time. */
const TAKEN_BYTES = 4 * 1024 * 1024
/** Work gives way to others after this long. */
const SLICE_MS = 5

export class HistoryFiles {
  readonly #options: HistoryFilesOptions
  readonly #folder: string
  /** Writers go one after another. */
  #work: Promise<void> = Promise.resolve()

  constructor(options: HistoryFilesOptions) {
    this.#options = options
    this.#folder = join(options.dir, HISTORY_FOLDER)
  }

  /**
   * At the first start with a history: it begins with what is stored when this resolves, and is written in the
   * background. A failure is logged.
   */
  async begin(resources: () => readonly Resource[]): Promise<void> {
    const warn = (error: unknown): void => this.#warn(this.#folder, error)
    try {
      if (await isThere(this.#folder)) return
    } catch (error) {
      return warn(error)
    }
    const picture = resources()
    this.#work = this.#work.then(() => this.#begin(picture)).catch(warn)
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.#work
  }

  /** Takes over what a segment says, which may go then; twice does no harm. False: it could not, and has said so. */
  take(segmentPath: string): Promise<boolean> {
    const taken = this.#work
      .then(() => this.#take(segmentPath))
      .then(
        () => true,
        (error: unknown) => {
          this.#warn(segmentPath, error)
          return false
        },
      )
    this.#work = taken.then(() => undefined)
    return taken
  }

  /**
   * Newest first. Reads segments before files, so that what moves from one to the other is found.
   * @param upTo nothing later was acknowledged yet
   */
  async list(key: ResourceKey, upTo: number, stored: Resource | null): Promise<readonly Revision[]> {
    const { dir, epoch, settings } = this.#options
    if (!hasHistory(key.type)) return []
    await this.#work
    const found: Revision[] = []
    const wanted = keyText(key)
    const needle = needleOf(key)
    for (const path of [...(await segmentsIn(dir)), this.#fileOf(key)]) {
      try {
        for await (const content of readLines(path, { needle, onDamage: this.#onDamage })) {
          for (const one of revisionsOf(content, epoch)) if (keyText(one.key) === wanted) found.push(one)
        }
      } catch (error) {
        this.#warn(path, error)
      }
    }
    const known = found.filter(one => one.epoch < epoch || one.revision <= upTo)
    const isKnown = known.some(one => one.revision === stored?.revision)
    if (stored !== null && !isKnown) known.push(firstKnown(stored, epoch))
    return newestOf(known, settings.revisionsPerResource)
  }

  async #begin(resources: readonly Resource[]): Promise<void> {
    const unfinished = join(this.#options.dir, UNFINISHED_FOLDER)
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(unfinished, { mode: PRIVATE_FOLDER })
    const files = new Map<string, Buffer[]>()
    const pause = pauses()
    for (const resource of resources) {
      if (!hasHistory(resource.type)) continue
      add(files, join(unfinished, nameOf(resource)), firstKnown(resource, this.#options.epoch))
      await pause()
    }
    for (const [path, lines] of files) await writeFileAtomic(path, Buffer.concat(lines))
    await syncFolder(unfinished)
    await rename(unfinished, this.#folder)
    await syncFolder(this.#options.dir)
  }

  async #take(segmentPath: string): Promise<void> {
    const files = new Map<string, Buffer[]>()
    const pause = pauses()
    let { epoch } = this.#options
    let bytes = 0
    for await (const content of readLines(segmentPath, { onDamage: this.#onDamage })) {
      // the header is the first line
      epoch = readHeader(content)?.epoch ?? epoch
      for (const one of revisionsOf(content, epoch)) bytes += add(files, this.#fileOf(one.key), one)
      if (bytes > TAKEN_BYTES) {
        await this.#append(files)
        bytes = 0
      }
      await pause()
    }
    await this.#append(files)
  }

  /** And forgets the lines. */
  async #append(files: Map<string, Buffer[]>): Promise<void> {
    // a folder that is there has been begun with what was stored
    if (files.size === 0) return
    await makeFolder(this.#folder)
    await Promise.all([...files].map(([path, lines]) => append(path, Buffer.concat(lines))))
    await syncFolder(this.#folder)
    const share = this.#options.settings.maxBytes / FILES
    for (const path of files.keys()) if ((await stat(path)).size > share) await this.#compact(path, share / 2)
    files.clear()
  }

  /** Keeps the newest of each resource, then gives up the oldest until `bytes` are left. */
  async #compact(path: string, bytes: number): Promise<void> {
    const { settings, epoch } = this.#options
    const byKey = new Map<string, Revision[]>()
    const pause = pauses()
    for await (const content of readLines(path, { onDamage: this.#onDamage })) {
      for (const one of revisionsOf(content, epoch)) {
        const id = keyText(one.key)
        const known = byKey.get(id)
        if (known === undefined) byKey.set(id, [one])
        else known.push(one)
      }
      await pause()
    }
    const needed: Revision[] = []
    const further: Revision[] = []
    for (const all of byKey.values()) {
      const [newest, ...older] = newestOf(all, settings.revisionsPerResource)
      if (newest !== undefined) (newest.resource === null ? further : needed).push(newest)
      further.push(...older)
    }
    const kept: Buffer[] = []
    let size = 0
    for (const [isNeeded, group] of [
      [true, needed],
      [false, newestOf(further, further.length)],
    ] as const) {
      for (const one of group) {
        const line = lineOf(one)
        size += line.byteLength
        if (!isNeeded && size > bytes) break
        kept.push(line)
        await pause()
      }
    }
    await writeFileAtomic(path, Buffer.concat(kept))
  }

  #fileOf(key: ResourceKey): string {
    return join(this.#folder, nameOf(key))
  }

  readonly #onDamage = (file: string, offset: number): void => {
    this.#options.warn(
      'a history file is damaged: the revisions in its damaged lines are lost, everything else goes on',
      { file, offset },
    )
  }

  #warn(file: string, error: unknown): void {
    this.#options.warn(`the history cannot be read or written: ${messageOf(error)}`, { file, err: error })
  }
}

async function segmentsIn(dir: string): Promise<readonly string[]> {
  return (await readdir(dir)).filter(name => generationOf(name) !== null).map(name => join(dir, name))
}

function nameOf(key: ResourceKey): string {
  return `${(crc32(keyText(key)) % FILES).toString(16).padStart(2, '0')}.jsonl`
}

function lineOf(revision: Revision): Buffer {
  return frame(revisionText(revision), 0)
}

/** Returns the bytes added. */
function add(files: Map<string, Buffer[]>, path: string, revision: Revision): number {
  const line = lineOf(revision)
  const lines = files.get(path)
  if (lines === undefined) files.set(path, [line])
  else lines.push(line)
  return line.byteLength
}

async function append(path: string, lines: Buffer): Promise<void> {
  const file = await open(path, 'a', PRIVATE_FILE)
  try {
    await file.appendFile(Buffer.concat([Buffer.from('\n'), lines]))
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Gives way to others when the slice is used up; otherwise returns at once. */
function pauses(): () => Promise<void> | undefined {
  let until = performance.now() + SLICE_MS
  return () => {
    if (performance.now() < until) return undefined
    return setImmediate().then(() => {
      until = performance.now() + SLICE_MS
    })
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}
