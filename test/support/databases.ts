/** A real redis and a real PostgreSQL, from Debian's packages, in temporary folders. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './ports.ts'

export interface Database {
  readonly port: number
  stop(): Promise<void>
}

export async function startRedis(): Promise<Database> {
  const [port = 0] = await freePorts(1)
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  return await started(spawn('redis-server', args, { stdio: 'ignore' }), port, () => {})
}

/** The user `postgres` without a password. */
export async function startPostgres(): Promise<Database> {
  const [bin = ''] = globSync('/usr/lib/postgresql/*/bin').sort().reverse()
  if (bin === '') throw new Error('install postgresql')
  const dir = mkdtempSync(join(tmpdir(), 'vmesh-pg-'))
  // PostgreSQL refuses to run as root
  const isRoot = process.getuid?.() === 0
  const as = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : []
  if (isRoot) {
    const [uid = 0, gid = 0] = ['-u', '-g'].map(flag => Number(execFileSync('id', [flag, 'postgres'])))
    chownSync(dir, uid, gid)
  }
  const run = (program: string, ...args: string[]): [string, string[]] => {
    const [first = '', ...rest] = [...as, join(bin, program), ...args]
    return [first, rest]
  }
  execFileSync(...run('initdb', '-D', join(dir, 'data'), '-U', 'postgres', '-A', 'trust', '--no-sync'), {
    stdio: 'ignore',
  })
  const [port = 0] = await freePorts(1)
  const listen = ['-D', join(dir, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', dir, '-F']
  const child = spawn(...run('postgres', ...listen), { stdio: 'ignore' })
  return await started(child, port, () => rmSync(dir, { recursive: true, force: true }))
}

async function started(child: ChildProcess, port: number, clean: () => void): Promise<Database> {
  const ended = once(child, 'exit')
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return {
    port,
    async stop() {
      child.kill('SIGINT')
      await ended
      clean()
    },
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => socket.destroy())
    socket.once('error', () => {})
    socket.once('close', hadError => resolve(!hadError))
  })
}
