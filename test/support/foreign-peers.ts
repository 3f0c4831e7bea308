/** What is no data plane of ours and holds a certificate of the mesh: credentials, and programs that run as such. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InboundListener } from '#contract/listener.ts'
import { makeIdentity, type TestCa } from './certificates.ts'
import { anEngine, mustApply } from './engine-pair.ts'
import { eventually } from './lab.ts'
import { freePorts } from './ports.ts'
import { rawClient } from './raw-sockets.ts'
import { aCluster, anOutbound, trustOf } from './snapshots.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

/** PEM files: certificate with key, and the root of the mesh. */
export interface PemFiles {
  readonly identity: string
  readonly root: string
}

/** `nginx` and `haproxy` are where only root looks. */
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }

/** For `skip`: why not, or false. */
export function without(program: string): false | string {
  return spawnSync(program, ['-v'], { env }).error !== undefined && `${program} is not installed`
}

/** What TLS of Node needs, of a service of the mesh. */
export async function credentials(
  ca: TestCa,
  service: string,
): Promise<{ cert: string; key: string; ca: string }> {
  const identity = await makeIdentity(ca, { service })
  return { cert: identity.chainPem, key: identity.privateKeyPem, ca: ca.rootPem }
}

export async function pemFiles(folder: string, ca: TestCa, service: string): Promise<PemFiles> {
  const { cert, key } = await credentials(ca, service)
  const files = { identity: join(folder, `${service}.pem`), root: join(folder, 'root.pem') }
  writeFileSync(files.identity, cert + key)
  writeFileSync(files.root, ca.rootPem)
  return files
}

export function aFolder(t: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'vmesh-foreign-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

/** An engine that calls `backend` on `port`, which is not a data plane; where applications call it. */
export async function callerOf(
  t: Teardown,
  ca: TestCa,
  port: number,
  protocol: InboundListener['protocol'] = 'http',
): Promise<number> {
  const [outPort = 0] = await freePorts(1)
  const web = anEngine(t)
  web.setIdentity(await makeIdentity(ca, { service: 'web' }))
  await mustApply(web, {
    listeners: [anOutbound(outPort, 'backend', { protocol: protocol === 'tcp' ? 'tcp' : 'http' })],
    clusters: [aCluster('backend', [port])],
    trust: [trustOf(ca)],
  })
  return outPort
}

const RUN = {
  haproxy: { argv: ['-db', '-f'], head: () => '' },
  nginx: {
    argv: ['-e', 'stderr', '-c'],
    head: (folder: string) =>
      `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit; events {}\n`,
  },
}

/** Runs until the test ends; returns when it listens on `port`. */
export async function startProgram(
  t: Teardown,
  program: keyof typeof RUN,
  { folder, text, port }: { folder: string; text: string; port: number },
): Promise<void> {
  const { argv, head } = RUN[program]
  const file = join(folder, `${program}.conf`)
  writeFileSync(file, head(folder) + text)
  const child = spawn(program, [...argv, file], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  t.teardown(async () => {
    child.kill()
    await once(child, 'exit')
  })
  await eventually(
    async () => (await rawClient(port)).socket.destroy(),
    () => true,
  )
}
