/**
 * A program: one server that stands for many endpoints, since it listens on all addresses of the loopback. `PORT`. It
 * answers 200 and counts: requests, and connections that closed without one. `/count` on 127.0.0.1 says how many.
 */
import { createServer, type Socket } from 'node:net'

const port = Number(process.argv[2])
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx\n'
let count = 0

createServer(serve).listen(port, '0.0.0.0')

function serve(socket: Socket): void {
  let asked = 0
  const isForCount = socket.localAddress === '127.0.0.1'
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', () => {
    asked++
    if (isForCount) {
      socket.end(
        `HTTP/1.1 200 OK\r\ncontent-length: ${String(count).length}\r\nconnection: close\r\n\r\n${count}`,
      )
      return
    }
    count++
    socket.write(OK)
  })
  socket.on('close', () => {
    if (asked === 0 && !isForCount) count++
  })
}
