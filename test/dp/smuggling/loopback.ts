/**
 * A byte that goes round on a connection of its own. When it is back, what this process had sent on others before it has
 * arrived too, however busy the machine is: the kernel delivers in order, while turns of the event loop pass without it.
 */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { LOOPBACK } from '../../support/snapshots.ts'

const server = createServer({ noDelay: true }, echo => {
  echo.unref()
  echo.pipe(echo)
})
server.listen(0, LOOPBACK)
await once(server, 'listening')
server.unref()
const address = server.address()
const port = typeof address === 'object' && address !== null ? address.port : 0
const socket = connect({ port, host: LOOPBACK, noDelay: true })
await once(socket, 'connect')
socket.unref()

/** One at a time. */
export async function roundTrip(): Promise<void> {
  const back = once(socket, 'data')
  socket.write('.')
  await back
}
