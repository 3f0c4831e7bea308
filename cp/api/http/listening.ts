/** Opens and closes HTTP servers: a port that cannot be had is a sentence, and closing lets running requests end. */
import type { Server } from 'node:http'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'

export interface Listening {
  /** The one that was asked for, or the free one that was found for port 0. */
  readonly port: number
  /** Takes no new requests, lets running ones end, cuts what is left after `CLOSE_MS`. */
  close(): Promise<void>
}

export interface ListenAt {
  readonly host: string
  readonly port: number
  /** For messages: `HTTP API`. */
  readonly name: string
  /** Name of the setting of the port. */
  readonly setting: string
}

const CLOSE_MS = 5_000
const SWEEP_MS = 20

/** Throws `api.listen` with what to do. */
export async function listenOn(server: Server, at: ListenAt): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => reject(listenFault(error, at))
    server.once('error', fail)
    server.listen(at.port, at.host, () => {
      server.off('error', fail)
      resolve()
    })
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    close: () => closeGently(server),
  }
}

async function closeGently(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS)
  // a connection that was busy becomes idle without a word
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  await new Promise<void>(resolve => server.close(() => resolve()))
  clearInterval(sweep)
  clearTimeout(cut)
}

function listenFault(cause: Error, { host, port, name, setting }: ListenAt): CodedError {
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use (who: ss -ltnp 'sport = :${port}'); stop that program or set ${setting}`,
    EACCES: `ports below 1024 need a privilege; set ${setting} to a higher one`,
    EADDRNOTAVAIL: `this machine has no such address; correct ${setting.replace(/[pP]ort$/, match => (match === 'port' ? 'interface' : 'Interface'))}`,
  }
  const remedy = remedies[codeOf(cause)] ?? messageOf(cause)
  return new CodedError('api.listen', `${name}: cannot listen on ${host} port ${port}: ${remedy}`, {
    cause,
    details: { host, port },
  })
}
