/**
 * vmesh beside HAProxy, nginx and Envoy, interleaved in one run: same certificates, same backend, same load; proxies on
 * one processor, load and backend on another. CPU of a proxy is the run time of its threads as the scheduler counts it.
 *
 *   scripts/bench [--quick] [--only WORDS] [--beside NAMES] [--flags FLAGS] [--rounds N] [--seconds N] [--write]
 *
 * `--quick`: one round, under 3 minutes. `--only`: rows whose name has these words. `--write`: into test/bench/results.md.
 * `--beside`: with these alone, as `haproxy,envoy`. `--flags`: a second vmesh too, with
 * these flags of Node. Programs that are not installed are left out with a word.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeIdentity, makeMeshCa, type TestCa } from '../../support/certificates.ts'
import { Lab } from '../../support/lab.ts'
import { buildBundles } from '../daemon.ts'
import { startEnvoy } from './envoy.ts'
import { findEnvoy } from './envoy-program.ts'
import { startHaproxy } from './haproxy.ts'
import { measureCrowd, measureMemory, measureReload, measureRow, measureSteady } from './measure.ts'
import { startBackend, startNginxProxy } from './nginx.ts'
import type { Peer, Site } from './peer.ts'
import { isInstalled, stopAll } from './processes.ts'
import { Report } from './report.ts'
import { rowsFor } from './rows.ts'
import { startVmesh } from './vmesh.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    beside: { type: 'string', default: 'haproxy,nginx,envoy' },
    flags: { type: 'string', default: '' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
const seconds = Number(values.seconds ?? (values.quick ? 1 : 2))

for (const program of ['wrk', 'h2load', 'nginx']) {
  if (!isInstalled(program)) {
    process.stderr.write(
      'bench: needs wrk, h2load and nginx: apt-get install wrk nghttp2-client nginx haproxy\n',
    )
    process.exit(69)
  }
}
buildBundles()
const folder = mkdtempSync(join(tmpdir(), 'vmesh-bench-'))
const labs: Lab[] = []
try {
  const site = await prepare()
  const peers = [...(await startOurs(site)), ...(await startOthers(site))]
  const report = new Report(peers.map(peer => peer.name))
  const plan = { peers, rounds, seconds, warmUpSeconds: values.quick ? 1 : 4, report }
  const isWanted = (name: string): boolean => name.includes(values.only)
  if (values.only === '') {
    await measureMemory(plan)
    await measureCrowd(plan)
  }
  for (const row of rowsFor(site)) if (isWanted(row.name)) await measureRow(row, plan)
  if (isWanted('steady')) await measureSteady(site.backend.httpPort, plan)
  if (isWanted('reload')) await measureReload(plan)
  if (values.write) report.write(`medians of ${rounds} interleaved rounds of ${seconds} s`)
} finally {
  stopAll()
  for (const lab of labs) await lab.close()
  rmSync(folder, { recursive: true, force: true })
}

interface Ground extends Site {
  readonly ca: TestCa
}

async function prepare(): Promise<Ground> {
  const ca = await makeMeshCa('secure')
  const file = async (service: string): Promise<string> => {
    const { chainPem, privateKeyPem } = await makeIdentity(ca, { service })
    const path = join(folder, `${service}.pem`)
    writeFileSync(path, chainPem + privateKeyPem)
    return path
  }
  const rootFile = join(folder, 'root.pem')
  writeFileSync(rootFile, ca.rootPem)
  const identities = { client: await file('client'), server: await file('server') }
  return { folder, backend: await startBackend(folder), identities, rootFile, ca }
}

async function startOurs({ backend, ca }: Ground): Promise<Peer[]> {
  const flags = values.flags === '' ? [[]] : [[], values.flags.split(' ')]
  const peers: Peer[] = []
  for (const some of flags) {
    const lab = new Lab()
    labs.push(lab)
    peers.push(await startVmesh({ lab, backend, ca, flags: some }))
  }
  return peers
}

async function startOthers(site: Site): Promise<Peer[]> {
  const peers: Peer[] = []
  const beside = values.beside.split(',')
  if (beside.includes('haproxy')) {
    if (isInstalled('haproxy')) peers.push(await startHaproxy(site, 'h1'), await startHaproxy(site, 'h2'))
    else process.stderr.write('bench: no HAProxy, and so no ratios: apt-get install haproxy\n')
  }
  if (beside.includes('nginx')) peers.push(await startNginxProxy(site))
  const envoy = beside.includes('envoy') ? findEnvoy() : null
  if (envoy !== null) peers.push(await startEnvoy(envoy, site, 'h1'), await startEnvoy(envoy, site, 'h2'))
  return peers
}
