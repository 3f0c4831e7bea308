/**
 * A program: endpoints that all listen on `PORT`, each on an address of its own, one in ten of which fails where `KIND` is
 * `failing`. `PORT COUNT KIND`; on 127.0.0.1 it accepts when all of them do.
 */
import { createServer, type Socket } from 'node:net'
import { addressAt, faultAt } from './endpoint-faults.ts'

const [port = 0, count = 0] = process.argv.slice(2).map(Number)
const isFailing = process.argv[4] === 'failing'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx\n'
const BAD = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'

for (let at = 0; at < count; at++) {
  const fault = isFailing ? faultAt(at) : 'none'
  if (fault !== 'refuses') await listen(addressAt(at), socket => serve(socket, fault))
}
await listen('127.0.0.1', socket => socket.destroy())

function serve(socket: Socket, fault: ReturnType<typeof faultAt>): void {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', () => {
    if (fault === 'none') socket.write(OK)
    else if (fault === 'answers 503') socket.write(BAD)
    else if (fault === 'resets') socket.resetAndDestroy()
  })
}

function listen(address: string, serves: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    createServer(serves).once('error', reject).listen(port, address, resolve)
  })
}
