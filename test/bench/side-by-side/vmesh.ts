/**
 * vmesh as it is installed: a control plane, and three daemons from the bundle. Mesh `plain` has one that hops, mesh
 * `secure` has one that calls and one that serves, with permissions in force, on the CA that the other proxies use.
 */
import type { TestCa } from '../../support/certificates.ts'
import type { Lab } from '../../support/lab.ts'
import { freePorts } from '../../support/ports.ts'
import { environmentOf, programOf } from '../daemon.ts'
import { type Backend, HOST, type Peer } from './peer.ts'
import { hold, LOAD_CPU, PROXY_CPU } from './processes.ts'

interface Plan {
  readonly lab: Lab
  readonly backend: Backend
  readonly ca: TestCa
  /** Of Node, behind those of scripts/vmesh-dp. */
  readonly flags: readonly string[]
}

export async function startVmesh({ lab, backend, ca, flags }: Plan): Promise<Peer> {
  const { httpPort, http2Port } = backend
  const [hop = 0, http2 = 0, tcp = 0, inbound = 0, tcpInbound = 0, outbound = 0, tcpOutbound = 0] =
    await freePorts(7)
  const controlPlane = await lab.startControlPlane()
  hold(controlPlane.child.pid ?? 0, LOAD_CPU)
  await putMeshes(lab, ca)
  const program = programOf('vmesh-dp', 'bundle')
  const startDaemon = async (mesh: string, name: string, networking: object): Promise<number> => {
    const definition = { mesh, name, networking: { address: HOST, ...networking } }
    const [, ...args] = await lab.dataPlaneArguments(definition)
    const daemon = lab.run([...program.toSpliced(-1, 0, ...flags), ...args], environmentOf('bundle'))
    const pid = daemon.child.pid ?? 0
    hold(pid, PROXY_CPU)
    await daemon.said(/data plane is ready/)
    await daemon.said(/connected to the control plane/)
    return pid
  }
  const pids = {
    hop: await startDaemon('plain', 'hop', {
      inbound: [
        offered(hop, httpPort, 'hop', 'http'),
        offered(http2, http2Port, 'hop2', 'http2'),
        offered(tcp, httpPort, 'hop-tcp', 'tcp'),
      ],
    }),
    server: await startDaemon('secure', 'server', {
      inbound: [
        offered(inbound, httpPort, 'server', 'http'),
        offered(tcpInbound, httpPort, 'server-tcp', 'tcp'),
      ],
    }),
    client: await startDaemon('secure', 'client', {
      inbound: [offered((await freePorts(1))[0] ?? 0, httpPort, 'client', 'http')],
      outbound: [
        { port: outbound, tags: { 'kuma.io/service': 'server' } },
        { port: tcpOutbound, tags: { 'kuma.io/service': 'server-tcp' } },
      ],
    }),
  }
  let changes = 0
  return {
    name: ['vmesh', ...flags].join(' '),
    ports: {
      'http hop': hop,
      'http2 hop': http2,
      'tcp hop': tcp,
      'http path': outbound,
      'tcp path': tcpOutbound,
      'tls hop': inbound,
    },
    pids,
    reload: () => permit(lab, `client-${++changes}`, '?wait=applied'),
  }
}

async function putMeshes(lab: Lab, ca: TestCa): Promise<void> {
  await lab.put('/meshes/plain', { type: 'Mesh', name: 'plain' })
  await lab.put('/meshes/secure', { type: 'Mesh', name: 'secure' })
  for (const [name, pem] of [
    ['ca-cert', ca.rootPem],
    ['ca-key', ca.privateKeyPem],
  ]) {
    const data = Buffer.from(pem ?? '').toString('base64')
    await lab.put(`/meshes/secure/secrets/${name}`, { type: 'Secret', mesh: 'secure', name, data })
  }
  const conf = { cert: { secret: 'ca-cert' }, key: { secret: 'ca-key' } }
  const mtls = { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'provided', conf }] }
  await lab.put('/meshes/secure', { type: 'Mesh', name: 'secure', mtls })
  await permit(lab, 'nobody')
}

/** The client may call; so may `other`, which makes the policy another one each time. */
function permit(lab: Lab, other: string, query = ''): Promise<void> {
  const allow = (name: string): object => ({
    targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/service': name } },
    default: { action: 'Allow' },
  })
  return lab.put(`/meshes/secure/meshtrafficpermissions/calls${query}`, {
    type: 'MeshTrafficPermission',
    mesh: 'secure',
    name: 'calls',
    spec: { targetRef: { kind: 'Mesh' }, from: [allow('client'), allow(other)] },
  })
}

function offered(port: number, servicePort: number, service: string, protocol: string): object {
  return { port, servicePort, tags: { 'kuma.io/service': service, 'kuma.io/protocol': protocol } }
}
