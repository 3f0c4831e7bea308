/**
 * What survives the process, in one folder (0700, files 0600): the installation's id and its count of starts, the last
 * good snapshot, the identity with its key. With these a daemon serves while the control plane is down. What is damaged
 * or of another data plane is put aside: the control plane has it all.
 */
import { randomUUID } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import { makeFolder, PRIVATE_FILE, removeTemporaries, writeFileAtomic } from '#base/files.ts'
import { type Lock, lockFolder } from '#base/lock.ts'
import type { Logger } from '#base/log.ts'
import type { Identity } from '#contract/identity.ts'
import { isIdentity } from './identity-check.ts'
import { isStoredSnapshot, type StoredSnapshot } from './section-store.ts'

export interface Installation {
  readonly instance: string
  readonly incarnation: number
}

/** Whose folder it is. */
export interface StateOwner {
  readonly mesh: string
  readonly name: string
}

type InstanceFile = Installation & StateOwner

const INSTANCE = 'instance.json'
const SNAPSHOT = 'snapshot.json'
const IDENTITY = 'identity.json'
/** It goes away when somebody makes room; a daemon that has all it needs does not wait for that. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])
const FOR_A_PERSON = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EEXIST'])

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
  async open(owner: StateOwner): Promise<Installation> {
    try {
      await makeFolder(this.path)
      this.#lock = await lockFolder(this.path, lockedBy)
      await removeTemporaries(this.path)
      const last = await this.#lastStart(owner)
      const instance = last?.instance ?? randomUUID()
      const incarnation = (last?.incarnation ?? 0) + 1
      await this.#count({ instance, incarnation, ...owner })
      return { instance, incarnation }
    } catch (error) {
      if (error instanceof CodedError) throw error
      throw this.#unusable(error)
    }
  }

  async close(): Promise<void> {
    await this.#lock?.release()
  }

  snapshot(): Promise<StoredSnapshot | null> {
    return this.#read(SNAPSHOT, isStoredSnapshot)
  }

  identity(): Promise<Identity | null> {
    return this.#read(IDENTITY, isIdentity)
  }

  /** A disk that does not take it is told in the log: the running configuration is not at stake. */
  async keepSnapshot(snapshot: StoredSnapshot): Promise<void> {
    await this.#keep(SNAPSHOT, snapshot)
  }

  async keepIdentity(identity: Identity): Promise<void> {
    await this.#keep(IDENTITY, identity)
  }

  /** It was read and cannot be used after all. */
  async discardIdentity(why: string): Promise<void> {
    await this.#putAside(IDENTITY, 'damaged', why)
  }

  /** null: a new folder, or one that was another data plane's. */
  async #lastStart(owner: StateOwner): Promise<InstanceFile | null> {
    const last = await this.#read(INSTANCE, isInstanceFile)
    if (last === null || (last.mesh === owner.mesh && last.name === owner.name)) return last
    const why = `it is of data plane ${last.name} of mesh ${last.mesh}`
    for (const file of [SNAPSHOT, IDENTITY]) await this.#putAside(file, 'other', why)
    return null
  }

  /** A start that cannot be counted is none the worse: the same count takes its own session over too. */
  async #count(installation: InstanceFile): Promise<void> {
    try {
      await this.#write(INSTANCE, installation)
    } catch (error) {
      if (!FULL.has(codeOf(error))) throw error
      this.#tellUnkept(error, INSTANCE)
    }
  }

  async #keep(file: string, value: unknown): Promise<void> {
    try {
      await this.#write(file, value)
    } catch (error) {
      this.#tellUnkept(error, file)
    }
  }

  #tellUnkept(error: unknown, file: string): void {
    const help = 'a restart would need the control plane; make room or mend the disk'
    this.#log.error({ err: error, file: join(this.path, file) }, `cannot keep state on disk: ${help}`)
  }

  async #write(file: string, value: unknown): Promise<void> {
    await writeFileAtomic(join(this.path, file), JSON.stringify(value), { mode: PRIVATE_FILE })
  }

  async #read<T>(file: string, isSound: (value: unknown) => value is T): Promise<T | null> {
    let text: string
    try {
      text = await readFile(join(this.path, file), 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw this.#unusable(error)
    }
    const value = parsed(text)
    if (isSound(value)) return value
    await this.#putAside(file, 'damaged', 'it is damaged')
    return null
  }

  async #putAside(file: string, suffix: string, why: string): Promise<void> {
    const path = join(this.path, file)
    try {
      await rename(path, `${path}.${suffix}`)
      this.#log.error(
        { file: path, why },
        `state file not used; kept beside as .${suffix} and asked for anew`,
      )
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      this.#log.error({ err: error, file: path, why }, 'state file not used; asked for anew')
    }
  }

  #unusable(error: unknown): CodedError {
    const message = `state folder ${this.path}: ${messageOf(error)}; give a writable one with --state-dir`
    const details = { permanent: FOR_A_PERSON.has(codeOf(error)) }
    return new CodedError('state.unusable', message, { cause: error, details })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isInstanceFile(value: unknown): value is InstanceFile {
  if (typeof value !== 'object' || value === null) return false
  const fields: Partial<Record<keyof InstanceFile, unknown>> = value
  return (
    [fields.instance, fields.mesh, fields.name].every(text => typeof text === 'string') &&
    Number.isSafeInteger(fields.incarnation)
  )
}

function lockedBy(path: string, holder: string): CodedError {
  const help = 'one daemon a data plane; stop that one, or give another --state-dir'
  return new CodedError('state.locked', `state folder ${path} is in use by ${holder}: ${help}`)
}
