/**
 * The file of the audit log: lines of one moment are appended together, and whoever caused one may wait for it, so that
 * what was acknowledged survives `kill -9`. A file that is full is renamed `NAME-TIMESTAMP.log`. What cannot be written
 * waits in memory, in bounds, and is tried again; that it waits, and what had to be dropped, is told in the log and by
 * the counts. The file is opened anew for each batch, so that others may move it away.
 */
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { codeOf, messageOf } from '#base/errors.ts'
import { makeFolder, PRIVATE_FILE } from '#base/files.ts'
import type { Logger } from '#base/log.ts'

export interface AuditFileOptions {
  readonly path: string
  readonly rotationEnabled: boolean
  /** A file beyond this is renamed before the next line. */
  readonly maxBytes: number
  /** Of renamed files; 0: all. */
  readonly maxRetainedFiles: number
  /** Renamed files that are older are deleted; 0: none. */
  readonly maxAgeDays: number
  readonly log: Logger
  readonly nowMs?: () => number
  /** How long after a failure the next try is made. Default 5 s. */
  readonly retryMs?: number
  /** Most that waits in memory. Default 16 MiB. */
  readonly maxWaitingBytes?: number
}

export interface AuditCounts {
  readonly written: number
  readonly waiting: number
  readonly dropped: number
}

const RETRY_MS = 5_000
const MAX_WAITING_BYTES = 16 * 1024 * 1024
const DAY_MS = 86_400_000

export class AuditFile {
  readonly #options: AuditFileOptions
  readonly #nowMs: () => number
  #waiting: string[] = []
  /** Of the lines that wait, as far as no batch has taken them. */
  #next = Promise.withResolvers<void>()
  #waitingBytes = 0
  #written = 0
  #dropped = 0
  #isFailing = false
  #isDropping = false
  #prunedMs = 0
  #writing: Promise<void> | null = null
  #retry: NodeJS.Timeout | null = null

  constructor(options: AuditFileOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? Date.now
  }

  /**
   * `line` without its end. Resolves when it is in the file; at once where it is lost or has to wait for a disk that
   * failed. Never rejects.
   */
  async append(line: string): Promise<void> {
    const bytes = Buffer.byteLength(line) + 1
    if (this.#waitingBytes + bytes > (this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES)) {
      this.#drop()
      return
    }
    this.#waiting.push(line)
    this.#waitingBytes += bytes
    if (this.#retry !== null) return
    const { promise } = this.#next
    this.#start()
    await promise
  }

  counts(): AuditCounts {
    return { written: this.#written, waiting: this.#waiting.length, dropped: this.#dropped }
  }

  /** Resolves when what was appended before is in the file, or could not be written. */
  async flush(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    this.#start()
    await this.#writing
  }

  /** Writes what waits, one last time. */
  async close(): Promise<void> {
    await this.flush()
    if (this.#retry !== null) clearTimeout(this.#retry)
    if (this.#waiting.length > 0) {
      this.#options.log.error({ lost: this.#waiting.length }, 'lines of the audit log are lost')
    }
  }

  #start(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null
    })
  }

  async #writeAll(): Promise<void> {
    // so that lines of one turn go together
    await null
    while (this.#waiting.length > 0) {
      const told = this.#takeWaiters()
      const lines = this.#waiting.length
      const batch = Buffer.from(`${this.#waiting.join('\n')}\n`)
      try {
        await this.#write(batch)
      } catch (error) {
        this.#failed(error)
        told()
        this.#takeWaiters()()
        return
      }
      this.#waiting.splice(0, lines)
      this.#waitingBytes -= batch.byteLength
      this.#written += lines
      this.#succeeded()
      told()
    }
  }

  #takeWaiters(): () => void {
    const { resolve } = this.#next
    this.#next = Promise.withResolvers()
    return resolve
  }

  async #write(batch: Buffer): Promise<void> {
    const { path, rotationEnabled } = this.#options
    await makeFolder(dirname(path))
    if (rotationEnabled) await this.#rotate()
    const file = await open(path, 'a', PRIVATE_FILE)
    try {
      const { size } = await file.stat()
      try {
        await file.appendFile(batch)
      } catch (error) {
        // half a line would spoil the next one
        await file.truncate(size).catch(() => undefined)
        throw error
      }
    } finally {
      await file.close()
    }
  }

  /** Old files go when one is added, and once a day. */
  async #rotate(): Promise<void> {
    const { path, maxBytes, log } = this.#options
    const nowMs = this.#nowMs()
    const isFull = (await sizeOf(path)) >= maxBytes
    if (isFull) {
      const { folder, stem, extension } = partsOf(path)
      // as in 2021-06-07T09-15-18.265
      const stamp = new Date(nowMs).toISOString().replaceAll(':', '-').replace('Z', '')
      await rename(path, join(folder, `${stem}-${stamp}${extension}`))
    }
    if (!isFull && nowMs - this.#prunedMs < DAY_MS) return
    this.#prunedMs = nowMs
    try {
      await this.#prune()
    } catch (error) {
      log.error({ path, reason: messageOf(error) }, 'old files of the audit log cannot be deleted')
    }
  }

  async #prune(): Promise<void> {
    const { path, maxRetainedFiles, maxAgeDays } = this.#options
    const { folder } = partsOf(path)
    const rotated = (await readdir(folder))
      .filter(name => stampOf(path, name) !== null)
      .sort()
      .reverse()
    const oldestMs = maxAgeDays === 0 ? 0 : this.#nowMs() - maxAgeDays * DAY_MS
    for (const [index, name] of rotated.entries()) {
      const isTooMany = maxRetainedFiles > 0 && index >= maxRetainedFiles
      if (isTooMany || (stampOf(path, name) ?? 0) < oldestMs) await rm(join(folder, name), { force: true })
    }
  }

  #drop(): void {
    this.#dropped++
    if (!this.#isDropping) {
      const { log, path } = this.#options
      log.error(
        { path, waiting: this.#waiting.length },
        'too many lines of the audit log wait; new ones are lost',
      )
    }
    this.#isDropping = true
  }

  #failed(error: unknown): void {
    const { log, path, retryMs = RETRY_MS } = this.#options
    if (!this.#isFailing) {
      const waiting = this.#waiting.length
      log.error(
        { path, waiting, reason: messageOf(error) },
        'the audit log cannot be written; its lines wait in memory, make room or give another access.audit.file.path',
      )
    }
    this.#isFailing = true
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.#start()
    }, retryMs).unref()
  }

  #succeeded(): void {
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#isDropping = false
    const { log, path } = this.#options
    log.warn({ path, dropped: this.#dropped }, 'the audit log is written again')
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw error
  }
}

function partsOf(path: string): {
  readonly folder: string
  readonly stem: string
  readonly extension: string
} {
  const extension = extname(path)
  return { folder: dirname(path), stem: basename(path, extension), extension }
}

/** When a renamed file was renamed, in ms since 1970; null: it is another file. */
function stampOf(path: string, name: string): number | null {
  const { stem, extension } = partsOf(path)
  if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return null
  const stamp = name.slice(stem.length + 1, name.length - extension.length)
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2}\.\d{3})$/.exec(stamp)
  if (match === null) return null
  const [, day, hours, minutes, seconds] = match
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`)
}
