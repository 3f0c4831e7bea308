/** The worker's end: an engine in this thread that follows the orders of the thread that owns the daemon. */
import type { MessagePort } from 'node:worker_threads'
import { messageOf } from '#base/errors.ts'
import { createLogger } from '#base/log.ts'
import { DEFAULT_LIMITS } from '../../codec/limits.ts'
import { Load } from '../../codec/load.ts'
import { TcpListener } from '../../listener/tcp-listener.ts'
import { createEngine, type LocalEngine } from '../applier.ts'
import { SharedCells } from '../shared-cells.ts'
import type { Descriptors, FromWorker, Order, ToWorker, WorkerData } from './messages.ts'

export function serveWorker(port: MessagePort, { number, limits, load, cells, log }: WorkerData): void {
  const tell = (message: FromWorker): void => port.postMessage(message)
  let descriptors: Descriptors = new Map()
  const ownLog = createLogger(log).child({ ...log.bindings, worker: number })
  const engine = createEngine({
    log: ownLog,
    limits,
    load: new Load({ ...DEFAULT_LIMITS, ...limits }, load),
    cells: new SharedCells(ownLog, cells),
    onHealth: health => tell({ health }),
    checksHealth: number === 1,
    bind: (address, port) => {
      const descriptor = descriptors.get(`${address}:${port}`)
      if (descriptor === undefined) throw new Error(`no listening socket came for ${address}:${port}`)
      return TcpListener.adopt(descriptor)
    },
  })
  port.on('message', (message: ToWorker) => {
    if ('health' in message) return engine.hear(message.health)
    if (message.name === 'apply') descriptors = message.ask.descriptors
    follow(engine, message).then(
      answer => tell({ id: message.id, answer }),
      (error: unknown) => tell({ id: message.id, fault: messageOf(error) }),
    )
  })
}

async function follow(engine: LocalEngine, order: Order): Promise<unknown> {
  switch (order.name) {
    case 'apply':
      return engine.apply(order.ask.snapshot)
    case 'identity':
      engine.setIdentity(order.ask)
      return null
    case 'standAside':
      for (const key of order.ask) engine.listeners.get(key)?.socket.stopListening()
      return null
    case 'listenAgain':
      for (const [key, descriptor] of order.ask)
        await engine.listeners.get(key)?.socket.listenAgain(descriptor)
      return null
    case 'status':
      return engine.status()
    case 'drain':
      await engine.drain(order.ask.timeoutMs)
      return null
  }
}
