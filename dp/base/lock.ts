/**
 * One process a folder. The lock is an abstract Unix socket named after the real path of the folder: it needs
 * no file, dies with its process and is found from everywhere in the same network namespace (so not from another
 * container). The holder tells whoever connects its process id.
 */
import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { type CodedError, codeOf } from './errors.ts'

export interface Lock {
  release(): Promise<void>
}

const ANSWER_TIMEOUT_MS = 1000
/** A holder that dies while it is asked frees the name: then the lock is tried again. */
const TRIES = 3

/**
 * The folder must exist. Throws what `refusal` makes of the real path and the holder (`process 4711`), when another
 * process has it.
 */
export async function lockFolder(
  dir: string,
  refusal: (real: string, holder: string, pid: number | undefined) => CodedError,
): Promise<Lock> {
  const real = await realpath(dir)
  const digest = createHash('sha256').update(real).digest('hex').slice(0, 32)
  const name = `\0vmesh-${digest}`
  for (let left = TRIES; ; left--) {
    try {
      const server = await listen(name)
      return { release: () => new Promise(resolve => server.close(() => resolve())) }
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw error
      const holder = await askHolder(name)
      if (holder === 'gone' && left > 1) continue
      if (typeof holder === 'number') throw refusal(real, `process ${holder}`, holder)
      throw refusal(real, 'another process', undefined)
    }
  }
}

function listen(name: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => {
      socket.on('error', () => socket.destroy())
      socket.end(`${process.pid}\n`)
    })
    server.once('error', reject)
    server.listen(name, () => {
      server.unref()
      resolve(server)
    })
  })
}

function askHolder(name: string): Promise<number | 'gone' | 'silent'> {
  return new Promise(resolve => {
    let text = ''
    const socket = connect(name)
    const end = (answer: number | 'gone' | 'silent'): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => end('silent'))
    socket.on('data', chunk => {
      text += chunk.toString()
      if (text.length > 32) end('silent')
    })
    socket.on('end', () => end(/^\d+\n$/.test(text) ? Number(text) : 'silent'))
    socket.on('error', error => end(codeOf(error) === 'ECONNREFUSED' ? 'gone' : 'silent'))
  })
}
