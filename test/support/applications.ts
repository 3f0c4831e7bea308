/** Applications behind the mesh, in this process. */
import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net'

/** Answers `NAME METHOD PATH` and the request body's length; shows the request's headers as `x-seen-…`. */
export async function httpApplication(
  name: string,
): Promise<{ port: number; server: Server; requests: () => number }> {
  let requests = 0
  const server = createServer((asked, response) => {
    requests++
    let bytes = 0
    asked.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    asked.on('end', () => {
      response.setHeader('x-seen-xfcc', asked.headers['x-forwarded-client-cert'] ?? '')
      response.end(`${name} ${asked.method} ${asked.url} ${bytes}`)
    })
  })
  return { port: await listen(server), server, requests: () => requests }
}

/** Sends back what it gets. */
export async function echoApplication(): Promise<{ port: number; server: TcpServer; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createTcpServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.pipe(socket)
  })
  return { port: await listen(server), server, sockets }
}

function listen(server: Server | TcpServer): Promise<number> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
