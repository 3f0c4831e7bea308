/** A program: a connection with mutual TLS, one request, the end; four at a time. `PORT SECONDS IDENTITY ROOTS`. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'

const [port, seconds, identity = '', roots = ''] = process.argv.slice(2)
const pem = readFileSync(identity, 'utf8')
const options = {
  host: '127.0.0.1',
  port: Number(port),
  cert: pem,
  key: pem,
  ca: readFileSync(roots, 'utf8'),
  checkServerIdentity: () => undefined,
  ALPNProtocols: ['http/1.1'],
}
const REQUEST = 'GET / HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n'

let count = 0
let failed = 0
const untilMs = performance.now() + Number(seconds) * 1000
await Promise.all([1, 2, 3, 4].map(worker))
const trouble = failed === 0 ? '' : `${failed} failed`
console.log(JSON.stringify({ count, perSecond: count / Number(seconds), p50Us: null, p99Us: null, trouble }))

async function worker(): Promise<void> {
  while (performance.now() < untilMs) {
    if (await call()) count++
    else failed++
  }
}

function call(): Promise<boolean> {
  return new Promise(resolve => {
    let isAnswered = false
    const socket = connect(options, () => socket.write(REQUEST))
    socket.on('data', data => {
      isAnswered ||= data.toString('latin1').startsWith('HTTP/1.1 200')
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(isAnswered))
  })
}
