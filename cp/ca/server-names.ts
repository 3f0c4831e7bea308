/**
 * The names that people and data planes may call this machine by: what the control plane's own certificate has to
 * say. Asks the kernel and /etc/hosts only; DNS could hang a start.
 */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { CodedError } from '#base/errors.ts'

/** Both sorted, each name once. */
export interface ServerNames {
  readonly dnsNames: readonly string[]
  readonly ips: readonly string[]
}

/** What the machine says about itself. */
export interface Machine {
  readonly hostname: string
  readonly addresses: readonly string[]
  /** Text of /etc/hosts. */
  readonly hosts: string
}

export async function thisMachine(): Promise<Machine> {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list?.map(one => one.address) ?? [])
  return { hostname: hostname(), addresses, hosts: await readFile('/etc/hosts', 'utf8').catch(() => '') }
}

/**
 * localhost, the host name with and without its domain, the names that /etc/hosts gives to our addresses, all
 * addresses but link-local ones, and `extra` (of `--tls-san`). Throws `ca.bad-san` for an extra that is neither.
 */
export function serverNames(machine: Machine, extra: readonly string[]): ServerNames {
  const own = machine.addresses.map(plainAddress)
  const wrong = extra.find(name => isIP(name) === 0 && !isDnsName(name))
  if (wrong !== undefined) {
    throw new CodedError(
      'ca.bad-san',
      `${JSON.stringify(wrong)} is neither a DNS name nor an IP address; correct --tls-san`,
    )
  }
  const names = [machine.hostname, ...namesInHosts(machine.hosts, own)].map(name => name.toLowerCase())
  const short = names.map(name => name.split('.')[0] ?? name)
  const ips = [...own.filter(address => !isLinkLocal(address)), '127.0.0.1', '::1']
  return {
    dnsNames: sortedOnce([
      ...[...names, ...short, 'localhost'].filter(isDnsName),
      ...extra.filter(name => isIP(name) === 0).map(name => name.toLowerCase()),
    ]),
    ips: sortedOnce([...ips, ...extra.filter(name => isIP(name) !== 0).map(plainAddress)]),
  }
}

function namesInHosts(hosts: string, own: readonly string[]): string[] {
  return hosts.split('\n').flatMap(line => {
    const [address, ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    const isOurs =
      address !== undefined && (own.includes(plainAddress(address)) || address.startsWith('127.'))
    return isOurs ? names : []
  })
}

/** IPv6 in its shortest form and without a zone, as certificates show it. */
function plainAddress(address: string): string {
  const withoutZone = address.split('%')[0] ?? address
  return isIP(withoutZone) === 6 ? new URL(`http://[${withoutZone}]`).hostname.slice(1, -1) : withoutZone
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address) || address.startsWith('169.254.')
}

function isDnsName(name: string): boolean {
  const label = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?'
  return name.length <= 253 && new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`, 'i').test(name)
}

function sortedOnce(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}
