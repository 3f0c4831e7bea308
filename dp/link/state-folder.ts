/**
 * What survives the process, in one folder (0700, files 0600): the installation's id and its count of starts, the last
 * good snapshot, the identity with its key. With these a daemon serves while the control plane is down.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import { writeFileAtomic } from '#base/files.ts'
import { type Lock, lockFolder } from '#base/lock.ts'
import type { Logger } from '#base/log.ts'
import type { Identity } from '#contract/identity.ts'
import type { StoredSnapshot } from './section-store.ts'

export interface Installation {
  readonly instance: string
  readonly incarnation: number
}

export class StateFolder {
  readonly path: string
  readonly #log: Logger
  #lock: Lock | null = null

  constructor(path: string, log: Logger) {
    this.path = path
    this.#log = log
  }

  /**
   * Makes the folder, takes it for this process and counts this start. Throws `state.unusable` when it cannot be
   * written, `state.locked` when another daemon has it.
   */
  async open(): Promise<Installation> {
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 })
      this.#lock = await lockFolder(this.path, lockedBy)
      const last = await this.#read<Installation>('instance.json')
      const installation = {
        instance: last?.instance ?? randomUUID(),
        incarnation: (last?.incarnation ?? 0) + 1,
      }
      await this.#write('instance.json', installation)
      return installation
    } catch (error) {
      if (error instanceof CodedError) throw error
      const message = `state folder ${this.path}: ${messageOf(error)}; give a writable one with --state-dir`
      throw new CodedError('state.unusable', message, { cause: error })
    }
  }

  async close(): Promise<void> {
    await this.#lock?.release()
  }

  snapshot(): Promise<StoredSnapshot | null> {
    return this.#read('snapshot.json')
  }

  identity(): Promise<Identity | null> {
    return this.#read('identity.json')
  }

  /** A disk that does not take it is told in the log: the running configuration is not at stake. */
  async keepSnapshot(snapshot: StoredSnapshot): Promise<void> {
    await this.#keep('snapshot.json', snapshot)
  }

  async keepIdentity(identity: Identity): Promise<void> {
    await this.#keep('identity.json', identity)
  }

  async #keep(file: string, value: unknown): Promise<void> {
    try {
      await this.#write(file, value)
    } catch (error) {
      this.#log.error(
        { err: error, file: join(this.path, file) },
        'cannot keep state on disk; a restart would need the control plane',
      )
    }
  }

  async #write(file: string, value: unknown): Promise<void> {
    await writeFileAtomic(join(this.path, file), JSON.stringify(value), { mode: 0o600 })
  }

  /** A damaged file is put aside under another name and told in the log: the control plane has it all. */
  async #read<T>(file: string): Promise<T | null> {
    const path = join(this.path, file)
    try {
      return JSON.parse(await readFile(path, 'utf8')) as T
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      if (!(error instanceof SyntaxError)) throw error
      await rename(path, `${path}.damaged`)
      this.#log.error({ file: path }, 'state file is damaged; kept beside as .damaged and asked for anew')
      return null
    }
  }
}

function lockedBy(path: string, holder: string): CodedError {
  const help = 'one daemon a data plane; stop that one, or give another --state-dir'
  return new CodedError('state.locked', `state folder ${path} is in use by ${holder}: ${help}`)
}
