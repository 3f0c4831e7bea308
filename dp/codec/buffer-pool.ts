/**
 * Read buffers. One shared buffer serves every socket whose bytes are consumed within the read callback; bulk
 * readers own larger ones, so that what they read can be written on without a copy. A buffer lent to a pending
 * write belongs to that write until it has left.
 */

/** Every socket reads into it: only copies may leave the read callback. */
export const SHARED_BUFFER = Buffer.allocUnsafeSlow(64 * 1024)

/** Size of the buffers that bulk readers own. */
export const OWNED_BYTES = 256 * 1024

const MAX_SPARE = 16
const spare: Buffer[] = []

export function takeBuffer(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(OWNED_BYTES)
}

/** The caller must be sure that no write refers to it any more. Other buffers are left to the collector. */
export function giveBack(buffer: Buffer): void {
  if (buffer.length === OWNED_BYTES && spare.length < MAX_SPARE) spare.push(buffer)
}

/** What a write is copied into that most likely leaves at once. */
export const SCRATCH_BYTES = 64 * 1024
const spareScratch: Buffer[] = []

export function takeScratch(): Buffer {
  return spareScratch.pop() ?? Buffer.allocUnsafeSlow(SCRATCH_BYTES)
}

/** No write refers to it any more. */
export function giveScratch(scratch: Buffer): void {
  if (spareScratch.length < MAX_SPARE) spareScratch.push(scratch)
}
