/**
 * File descriptors by number. Node cannot duplicate one, and threads need their own of a listening socket: closing a
 * number that another thread still uses would close whatever gets that number next.
 */
import { CodedError } from '../errors.ts'

/** F_DUPFD_CLOEXEC of fcntl(2); the lowest number to give is above the standard streams. */
const DUPLICATE_CLOSE_ON_EXEC = 1030
const FIRST = 3

let fcntl: ((descriptor: number, command: number, argument: number) => unknown) | null = null

/** A descriptor of its own for the same socket or file. Throws `descriptor.cannot-duplicate`. */
export function duplicateDescriptor(descriptor: number): number {
  fcntl ??= openFcntl()
  const copy = fcntl(descriptor, DUPLICATE_CLOSE_ON_EXEC, FIRST)
  if (typeof copy === 'number' && copy >= 0) return copy
  const help = 'are all file descriptors in use? See LimitNOFILE= of the unit'
  throw new CodedError(
    'descriptor.cannot-duplicate',
    `descriptor ${descriptor} cannot be duplicated; ${help}`,
  )
}

/** The number of a listening server's socket; -1 when it does not listen. */
export function descriptorOf(server: object): number {
  const handle: unknown = Reflect.get(server, '_handle')
  const descriptor: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : null
  return typeof descriptor === 'number' ? descriptor : -1
}

function openFcntl() {
  const ffi = process.getBuiltinModule('node:ffi')
  if (ffi === undefined) {
    const message = 'this Node has no node:ffi, which several workers need; run with --concurrency 1'
    throw new CodedError('descriptor.cannot-duplicate', message)
  }
  return ffi.dlopen(null, { fcntl: { arguments: ['int32', 'int32', 'int32'], return: 'int32' } }).functions
    .fcntl
}
