/** GET by HTTP/1.1 on a connection of its own. */
import { type Asked, authorityOf, CUT, faultOf, MAX_BODY_BYTES, USER_AGENT } from './asked.ts'

// not by import: that would load the fetch of the runtime (dp/base/http-server.ts)
const http = process.getBuiltinModule('node:http')

/** The status of an answer that came whole, or why there is none. */
export function getHttp1(
  asked: Asked,
  { path, host }: { readonly path: string; readonly host: string | undefined },
  signal: AbortSignal,
): Promise<number | string> {
  return new Promise(resolve => {
    const request = http.request({
      host: asked.address,
      port: asked.port,
      path,
      agent: false,
      headers: { host: host ?? authorityOf(asked), 'user-agent': USER_AGENT, accept: '*/*' },
    })
    const end = (found: number | string): void => {
      resolve(found)
      request.destroy()
    }
    request.once('response', response => {
      const status = response.statusCode ?? 0
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > MAX_BODY_BYTES) end(status)
      })
      response.once('end', () => end(status))
      response.on('error', error => end(faultOf(error)))
    })
    request.on('error', error => end(faultOf(error)))
    request.once('upgrade', (response, socket) => {
      socket.destroy()
      end(response.statusCode ?? 0)
    })
    request.once('close', () => end(CUT))
    signal.addEventListener('abort', () => end('given up'), { once: true })
    request.end()
  })
}
