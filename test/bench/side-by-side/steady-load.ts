/**
 * A program: requests at a fixed rate over kept connections, `PORT SECONDS RATE CONNECTIONS`. A request that finds no
 * free connection counts from when it was due, so that a proxy that stalls is not asked less; being late itself is not
 * held against the proxy.
 */
import { connect } from 'node:net'

const [port = 0, seconds = 0, rate = 0, connections = 0] = process.argv.slice(2).map(Number)
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nhost: bench\r\n\r\n')
const END = Buffer.from('x\n')

interface Connection {
  send(sinceMs: number): void
}

const free: Connection[] = []
const due: number[] = []
const latenciesUs: number[] = []
let failed = 0

await Promise.all(Array.from({ length: connections }, open))
const startMs = performance.now()
let sent = 0
const timer = setInterval(tick, 1)

function tick(): void {
  const nowMs = performance.now()
  const wanted = Math.min(Math.floor(((nowMs - startMs) * rate) / 1000), seconds * rate)
  for (; sent < wanted; sent++) {
    const connection = free.pop()
    if (connection === undefined) due.push(nowMs)
    else connection.send(performance.now())
  }
  const isOver = latenciesUs.length + failed >= seconds * rate
  if (isOver || nowMs > startMs + seconds * 1000 + 5000) report()
}

function report(): void {
  clearInterval(timer)
  const sorted = latenciesUs.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN
  const lost = seconds * rate - sorted.length
  const result = { count: sorted.length, perSecond: sorted.length / seconds, p50Us: at(0.5), p99Us: at(0.99) }
  console.log(JSON.stringify({ ...result, trouble: lost === 0 ? '' : `${lost} without an answer` }))
  process.exit()
}

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      free.push(connection)
      resolve()
    })
    let sinceMs = 0
    const connection = {
      send(fromMs: number): void {
        sinceMs = fromMs
        socket.write(REQUEST)
      },
    }
    socket.on('error', reject)
    socket.on('close', () => {
      failed++
    })
    socket.on('data', (data: Buffer) => {
      if (!data.subarray(-END.length).equals(END)) return
      latenciesUs.push((performance.now() - sinceMs) * 1000)
      const next = due.shift()
      if (next === undefined) free.push(connection)
      else connection.send(next)
    })
  })
}
