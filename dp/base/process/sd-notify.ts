/**
 * Tells systemd how the service is (sd_notify(3)): datagrams to `$NOTIFY_SOCKET`, sent through libc because Node has
 * no AF_UNIX datagrams. Without `node:ffi` it runs `systemd-notify`, which needs `NotifyAccess=all` in the unit.
 * Telling never blocks and never takes the daemon down.
 */
import { spawn } from 'node:child_process'
import { messageOf } from '../errors.ts'

export interface NotifySocket {
  /** Assignments, one a line: `READY=1`, `STATUS=…`, `STOPPING=1`, `WATCHDOG=1`. Messages keep their order. */
  send(message: string): void
  /** No more messages and no more tries; what was sent still arrives. */
  close(): void
}

export interface NotifyOptions {
  /** A way to send was not there, or a message was given up. */
  readonly onFault?: (reason: string) => void
  /** For tests: as if `node:ffi` were missing. */
  readonly withoutFfi?: boolean
}

/** Sends one message; answers whether it went out (for the fallback: whether it is on its way). */
type Send = (message: string) => boolean

const RETRY_MS = 250
const MAX_TRIES = 20

/** @param address `$NOTIFY_SOCKET`; undefined or empty: systemd did not start this, and nothing is sent */
export function openNotifySocket(address: string | undefined, options: NotifyOptions = {}): NotifySocket {
  const onFault = options.onFault ?? (() => {})
  if (address === undefined || address === '') return { send: () => {}, close: () => {} }
  const sendNow = senderTo(address, options, onFault)
  const waiting: string[] = []
  let timer: NodeJS.Timeout | undefined
  let tries = 0
  let isClosed = false
  const flush = (): void => {
    for (let message = waiting[0]; message !== undefined; message = waiting[0]) {
      const isSent = sendNow(message)
      if (!isSent && ++tries < MAX_TRIES) {
        timer = setTimeout(flush, RETRY_MS).unref()
        return
      }
      if (!isSent) onFault(`systemd did not take ${JSON.stringify(message)}`)
      tries = 0
      waiting.shift()
    }
  }
  return {
    send(message) {
      // pings that wait are one ping
      if (isClosed || waiting.at(-1) === message) return
      waiting.push(message)
      if (waiting.length === 1) flush()
    },
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

function senderTo(socket: string, options: NotifyOptions, onFault: (reason: string) => void): Send {
  if (options.withoutFfi !== true) {
    try {
      return libcSender(socket)
    } catch (error) {
      onFault(`no datagrams through libc (${messageOf(error)}); using the program systemd-notify`)
    }
  }
  return programSender(socket, onFault)
}

const AF_UNIX = 1
/** SOCK_DGRAM | SOCK_CLOEXEC */
const DATAGRAM = 0x80002
/** MSG_NOSIGNAL | MSG_DONTWAIT: a stuck systemd must not stop the event loop. */
const NO_WAIT = 0x4040
const MAX_PATH_BYTES = 108

/** Throws a plain error when `node:ffi` or the socket cannot be had. */
function libcSender(socket: string): Send {
  const ffi = process.getBuiltinModule('node:ffi')
  if (ffi === undefined) throw new Error('this Node has no node:ffi')
  // null: the process itself, which holds libc whatever its file is called
  const { functions: libc } = ffi.dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    sendto: { arguments: ['int32', 'buffer', 'uint64', 'int32', 'buffer', 'uint32'], return: 'int64' },
  })
  const path = Buffer.from(socket)
  if (path.length > MAX_PATH_BYTES || !/^[@/]/.test(socket)) {
    throw new Error(`${socket} is no Unix socket address`)
  }
  const address = Buffer.concat([Buffer.alloc(2), path])
  address.writeUInt16LE(AF_UNIX)
  // @ stands for the NUL byte of an abstract address
  if (socket.startsWith('@')) address[2] = 0
  const descriptor = libc.socket(AF_UNIX, DATAGRAM, 0)
  if (descriptor < 0) throw new Error('no socket')
  return message => {
    const bytes = Buffer.from(message)
    return libc.sendto(descriptor, bytes, BigInt(bytes.length), NO_WAIT, address, address.length) >= 0n
  }
}

/** The program takes 20 ms or so; messages are kept in their order. */
function programSender(socket: string, onFault: (reason: string) => void): Send {
  let last: Promise<void> = Promise.resolve()
  return message => {
    last = last.then(() => runProgram(socket, message)).catch(error => onFault(messageOf(error)))
    return true
  }
}

function runProgram(socket: string, message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('systemd-notify', message.split('\n'), {
      env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' },
      stdio: 'ignore',
    })
    child.on('error', reject)
    child.on('exit', code =>
      code === 0 ? resolve() : reject(new Error(`systemd-notify ended with ${code}`)),
    )
  })
}
