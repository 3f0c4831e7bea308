/** `openssl s_client` as a client of an inbound: a TLS implementation that does not share our code or our mistakes. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ClientCertificate {
  readonly chainPem: string
  readonly privateKeyPem: string
}

export interface SClientOptions {
  readonly port: number
  /** null: presents no certificate. */
  readonly certificate: ClientCertificate | null
  /** Sent after the handshake. */
  readonly send: string
  /** PEM of a session to resume. */
  readonly session?: string | undefined
  /** Ends the client as soon as this was received; otherwise it waits for the server to close. */
  readonly until?: string
}

export interface SClientAnswer {
  /** Application bytes that the server sent. */
  readonly received: string
  /** What s_client says about the handshake. */
  readonly log: string
  /** The last session, PEM; undefined when the server gave none. */
  readonly session: string | undefined
  readonly isResumed: boolean
}

export async function sClient(options: SClientOptions): Promise<SClientAnswer> {
  const folder = mkdtempSync(join(tmpdir(), 'vmesh-s-client-'))
  try {
    const file = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content)
      return join(folder, name)
    }
    const sessionFile = join(folder, 'session.out')
    const argv = ['s_client', '-connect', `127.0.0.1:${options.port}`, '-tls1_3', '-alpn', 'vmesh-raw/1']
    argv.push('-sess_out', sessionFile, '-msg', '-msgfile', join(folder, 'messages'), '-ign_eof', '-quiet')
    if (options.certificate !== null) {
      argv.push('-cert', file('cert.pem', options.certificate.chainPem))
      argv.push('-key', file('key.pem', options.certificate.privateKeyPem))
    }
    if (options.session !== undefined) argv.push('-sess_in', file('session.in', options.session))
    const { received, log } = await run(argv, options)
    const messages = readFileSync(join(folder, 'messages'), 'utf8')
    return {
      received,
      log,
      session: existsSync(sessionFile) ? readFileSync(sessionFile, 'utf8') : undefined,
      // A resumed handshake has no certificates in it.
      isResumed: messages.includes('ServerHello') && !/<<< .*Handshake.*, Certificate$/m.test(messages),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run(argv: string[], options: SClientOptions): Promise<{ received: string; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('openssl', argv, { stdio: ['pipe', 'pipe', 'pipe'] })
    let received = ''
    let log = ''
    child.stdin.on('error', () => {})
    child.stdin.write(options.send)
    child.stdout.setEncoding('latin1').on('data', text => {
      received += text
      if (options.until !== undefined && received.includes(options.until)) child.kill('SIGTERM')
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      log += text
    })
    child.once('error', reject)
    child.once('close', () => resolve({ received, log }))
  })
}
