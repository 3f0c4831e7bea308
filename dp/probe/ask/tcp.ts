/** Whether the application's port accepts a connection, which is closed at once. */
import { connect } from 'node:net'
import { type Asked, faultOf } from './asked.ts'

export function askTcp({ address, port }: Asked, signal: AbortSignal): Promise<string> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port })
    const end = (fault: string): void => {
      socket.destroy()
      resolve(fault)
    }
    socket.once('connect', () => end(''))
    socket.on('error', error => end(faultOf(error)))
    signal.addEventListener('abort', () => end('given up'), { once: true })
  })
}
