/**
 * The store's failures in words: what is damaged and where, or what the disk refused, and what to do about it.
 * In: the place and the cause. Out: a CodedError for the log, the exit code and the answer.
 */
import { dirname } from 'node:path'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'

/** A place in a file, so that somebody can look at it. */
export interface Place {
  readonly file: string
  /** Bytes from the start of the file. */
  readonly offset?: number
  /** From 1. */
  readonly line?: number
}

/** `store.damaged`; `remedy` says how to get the store back. */
export function damaged(place: Place, what: string, remedy: string, cause?: unknown): CodedError {
  const { file, offset, line } = place
  const at = [line === undefined ? '' : `line ${line}`, offset === undefined ? '' : `byte ${offset}`]
  const where = at.filter(part => part !== '').join(', ')
  return new CodedError(
    'store.damaged',
    `${file}${where === '' ? '' : ` (${where})`}: ${what}; nothing was changed. ${remedy}`,
    { cause, details: { file, offset, line } },
  )
}

/** `store.newer-format`: a file of a later vmesh. */
export function newerFormat(file: string, version: number, known: number): CodedError {
  return new CodedError(
    'store.newer-format',
    `${file} has format version ${version}, this program reads up to ${known}: it was written by a newer vmesh. Run that version again, or restore a backup made before the upgrade (vmesh-cp store restore)`,
    { details: { file, version } },
  )
}

/** `store.unreadable`: the system refuses to read; says nothing about the content. */
export function unreadable(file: string, cause: unknown): CodedError {
  const hint =
    codeOf(cause) === 'EACCES' || codeOf(cause) === 'EPERM'
      ? 'run as the user that owns the data folder, or give the folder to this one (chown -R)'
      : 'check the disk and the mount of that folder (dmesg, df)'
  return new CodedError('store.unreadable', `cannot read ${file}: ${messageOf(cause)}; ${hint}`, {
    cause,
    details: { file },
  })
}

/** `store.disk`: a write that was not acknowledged and can be repeated. */
export function diskFailure(file: string, cause: unknown): CodedError {
  return new CodedError(
    'store.disk',
    `cannot write ${file}: ${diskReason(dirname(file), cause)}. Nothing was changed; try again after that`,
    { cause, details: { file, cause: codeOf(cause) } },
  )
}

function diskReason(folder: string, cause: unknown): string {
  switch (codeOf(cause)) {
    case 'ENOSPC':
      return `no space left on the disk of ${folder}; make room there (df ${folder})`
    case 'EDQUOT':
      return `the disk quota of this user is used up; raise it or make room in ${folder}`
    case 'EROFS':
      return `the disk of ${folder} is read-only; look for its errors (dmesg) and mount it for writing`
    case 'EIO':
      return `the disk of ${folder} fails (input/output error); look at dmesg and be ready to restore a backup`
    case 'EACCES':
    case 'EPERM':
      return `permission denied; ${folder} must belong to the user that runs the control plane`
    default:
      return messageOf(cause)
  }
}
