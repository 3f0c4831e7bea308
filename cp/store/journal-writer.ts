/**
 * Appends to the journal. A batch is one write to a file opened with O_DSYNC, which returns when bytes and length
 * are on disk: the same as write and fdatasync for half of the CPU. When it fails nothing of the batch counts: the
 * segment is cut back to what was acknowledged, and until that has worked every append is refused.
 * In: contents of records. Out: they are on disk, or `store.disk`.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeFileAtomic } from '#base/files.ts'
import type { CommitRecord } from './commit/commit-queue.ts'
import { diskFailure } from './damage.ts'
import { frame, headerLine, JOURNAL_VERSION, segmentName } from './journal.ts'

const DURABLY = constants.O_WRONLY | constants.O_DSYNC

export class JournalWriter {
  readonly #dir: string
  #file: FileHandle
  #path: string
  #generation: number
  /** Acknowledged bytes; what the file holds beyond them is rubbish. */
  #bytes: number
  #hasRubbish = false
  /** A segment that could not be begun and whose file may be there all the same. */
  #unwanted: string | null = null

  private constructor(dir: string, generation: number, file: FileHandle, bytes: number) {
    this.#dir = dir
    this.#generation = generation
    this.#path = join(dir, segmentName(generation))
    this.#file = file
    this.#bytes = bytes
  }

  /** Opens a segment that is there and cuts off what follows `goodBytes`. Throws `store.disk`. */
  static async open(dir: string, generation: number, goodBytes: number): Promise<JournalWriter> {
    const path = join(dir, segmentName(generation))
    try {
      const file = await open(path, DURABLY)
      const writer = new JournalWriter(dir, generation, file, goodBytes)
      writer.#hasRubbish = (await file.stat()).size > goodBytes
      await writer.#repair()
      return writer
    } catch (error) {
      throw diskFailure(path, error)
    }
  }

  /** Makes the first segment after a checkpoint that has none yet. Throws `store.disk`. */
  static async create(dir: string, generation: number, epoch: number, base: number): Promise<JournalWriter> {
    const path = join(dir, segmentName(generation))
    const header = headerLine({ version: JOURNAL_VERSION, generation, epoch, base })
    try {
      await writeFileAtomic(path, header)
    } catch (error) {
      throw diskFailure(path, error)
    }
    return JournalWriter.open(dir, generation, header.byteLength)
  }

  get generation(): number {
    return this.#generation
  }

  /** Of this segment, acknowledged. */
  get bytes(): number {
    return this.#bytes
  }

  /** One at a time. Throws `store.disk` when nothing was written. */
  async append(records: readonly CommitRecord[]): Promise<void> {
    const frames = records.map(({ text }) => frame(text, this.#bytes))
    const batch = frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames)
    try {
      await this.#repair()
      this.#hasRubbish = true
      for (let done = 0; done < batch.byteLength; ) {
        const left = batch.byteLength - done
        done += (await this.#file.write(batch, done, left, this.#bytes + done)).bytesWritten
      }
      this.#hasRubbish = false
      this.#bytes += batch.byteLength
    } catch (error) {
      // at once, so that a crash before the next append does not find it; if this fails too, append repeats it
      await this.#repair().catch(() => undefined)
      throw diskFailure(this.#path, error)
    }
  }

  /** Begins the next segment; not while an append runs. When it throws, this one goes on. */
  async rotate(epoch: number, base: number): Promise<void> {
    const generation = this.#generation + 1
    const path = join(this.#dir, segmentName(generation))
    const header = headerLine({ version: JOURNAL_VERSION, generation, epoch, base })
    try {
      await this.#repair()
      this.#unwanted = path
      await writeFileAtomic(path, header)
      const next = await open(path, DURABLY)
      this.#unwanted = null
      await this.#file.close().catch(() => undefined)
      this.#file = next
    } catch (error) {
      await this.#repair().catch(() => undefined)
      throw diskFailure(path, error)
    }
    this.#path = path
    this.#generation = generation
    this.#bytes = header.byteLength
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #repair(): Promise<void> {
    if (this.#hasRubbish) {
      await this.#file.truncate(this.#bytes)
      await this.#file.sync()
      this.#hasRubbish = false
    }
    if (this.#unwanted !== null) {
      await rm(this.#unwanted, { force: true })
      await syncFolder(this.#dir)
      this.#unwanted = null
    }
  }
}
