/**
 * A port on which somebody listens who does not accept, with a full backlog: the kernel drops further SYNs. A thread of
 * its own listens and then sleeps, since an event loop that runs would accept.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

interface Ear {
  readonly port: number
  readonly host: string
  readonly bell: SharedArrayBuffer
}

export interface DeafPort {
  /** Resolves when the port is free again; who waits in the backlog is reset. */
  close(): Promise<void>
}

/** How long a connection to an own full backlog is given before it counts as not accepted. */
const FULL_AFTER_MS = 150
/** A backlog of 1 holds 2 on Linux. */
const MOST_HELD = 8

export async function startDeafPort(port: number, host: string): Promise<DeafPort> {
  const bell = new SharedArrayBuffer(4)
  const ear: Ear = { port, host, bell }
  const worker = new Worker(new URL(import.meta.url), { workerData: ear })
  await once(worker, 'message')
  const held: Socket[] = []
  while (held.length < MOST_HELD && (await isAccepted(port, host, held)));
  return {
    async close() {
      for (const socket of held) socket.destroy()
      Atomics.store(new Int32Array(bell), 0, 1)
      Atomics.notify(new Int32Array(bell), 0)
      await once(worker, 'exit')
    },
  }
}

function isAccepted(port: number, host: string, held: Socket[]): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, host)
    held.push(socket)
    socket.on('error', () => resolve(false))
    socket.on('connect', () => resolve(true))
    setTimeout(() => resolve(false), FULL_AFTER_MS).unref()
  })
}

function listen({ port, host, bell }: Ear): void {
  const server = createServer(socket => socket.resetAndDestroy())
  server.listen({ port, host, backlog: 1 }, () => {
    parentPort?.postMessage('listening')
    Atomics.wait(new Int32Array(bell), 0, 0)
    process.exit()
  })
}

if (!isMainThread) listen(workerData as Ear)
