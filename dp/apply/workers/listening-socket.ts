/**
 * A listening socket that nobody accepts from in this thread: bound and listening once, each worker gets a descriptor
 * of its own for it. They share one queue of connections, so no worker that ends takes waiting clients with it.
 */
import { closeSync } from 'node:fs'
import { createServer } from 'node:net'
import { descriptorOf, duplicateDescriptor } from '#base/process/descriptors.ts'
import { BACKLOG } from '../../listener/tcp-listener.ts'

export class ListeningSocket {
  readonly #descriptor: number

  private constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Rejects with Node's error (EADDRINUSE, EADDRNOTAVAIL, EACCES) or `descriptor.cannot-duplicate`. */
  static bind(address: string, port: number): Promise<ListeningSocket> {
    const server = createServer()
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port, backlog: BACKLOG }, () => {
        // Before the event loop turns, so that this thread accepts nothing: the copy goes on listening.
        try {
          resolve(new ListeningSocket(duplicateDescriptor(descriptorOf(server))))
        } catch (error) {
          reject(error)
        } finally {
          server.close()
        }
      })
    })
  }

  /** A descriptor for a worker to own. Throws `descriptor.cannot-duplicate`. */
  duplicate(): number {
    return duplicateDescriptor(this.#descriptor)
  }

  /** The address is free once all duplicates are closed too. */
  close(): void {
    closeSync(this.#descriptor)
  }
}
