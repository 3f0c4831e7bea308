/** A TCP hop that stops at a chosen moment, so that a test can change the world in the middle of a handshake. */
import { connect, createServer, type Socket } from 'node:net'
import { LOOPBACK } from './snapshots.ts'

export interface Gate {
  readonly port: number
  /** Resolves when a client's chunk is held back. */
  readonly isHolding: Promise<void>
  /** What clients send from now on is held back. */
  hold(): void
  /** Chunks that are held back. */
  readonly held: () => number
  /** Passes on what is held and all that follows. */
  release(): void
  /** Connections so far. */
  readonly count: () => number
  /** Ends all connections in order (FIN, no TLS alert), as they are when a process is killed. */
  kill(): void
  /** From now on nothing moves on the connections that there are, as when their host has lost its power. */
  freeze(): void
  close(): void
}

/** Connections to the gate go to `toPort`; of each client, the first `passed` chunks go through, the rest waits. */
export async function startGate(toPort: number, passed: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  const held: (() => void)[] = []
  let isOpen = false
  let isShut = false
  let count = 0
  let hold: () => void = () => {}
  const isHolding = new Promise<void>(resolve => {
    hold = resolve
  })
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, down => {
    const up = connect({ host: LOOPBACK, port: toPort, allowHalfOpen: true, noDelay: true })
    count++
    track(down)
    track(up)
    let chunks = 0
    down.on('data', chunk => {
      if (isOpen || (chunks++ < passed && !isShut)) up.write(chunk)
      else {
        held.push(() => up.write(chunk))
        hold()
      }
    })
    down.on('end', () => up.end())
    up.on('data', chunk => down.write(chunk))
    up.on('end', () => down.end())
    up.on('close', () => down.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, LOOPBACK, resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    isHolding,
    held: () => held.length,
    hold() {
      isShut = true
      isOpen = false
    },
    release() {
      isOpen = true
      for (const pass of held.splice(0)) pass()
    },
    count: () => count,
    kill() {
      for (const socket of sockets) socket.end()
    },
    freeze() {
      for (const socket of sockets) socket.pause()
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
