/** `generate tls-certificate`: a self-signed pair for a control plane or one of its clients, into two files. */
import { createPrivateKey, generateKeyPair } from 'node:crypto'
import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { PRIVATE_FILE, writeFileAtomic } from '#base/files.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { failed } from '../../errors.ts'
import { TARGET_OPTIONS } from '../../target.ts'
import type { World } from '../../world.ts'

const VALID_FOR_MS = 10 * 365 * 24 * 3_600_000
const BACKDATE_MS = 10 * 60_000
const RSA_BITS = 2048
const PUBLIC_FILE = 0o644

export function tlsCertificateCommand(world: World): CommandNode {
  return command({
    name: 'tls-certificate',
    doc: 'a self-signed certificate with its key, in two files',
    options: {
      ...TARGET_OPTIONS,
      type: {
        type: 'text',
        value: 'TYPE',
        required: true,
        choices: ['server', 'client'],
        doc: 'server: of a control plane; client: of an admin.',
      },
      hostname: {
        type: 'list',
        value: 'NAME',
        doc: 'DNS name or IP address of the server; repeatable, needed for server.',
      },
      cpHostname: { type: 'list', value: 'NAME', doc: 'As --hostname; the older name.' },
      keyType: {
        type: 'text',
        value: 'TYPE',
        choices: ['rsa', 'ecdsa'],
        default: 'rsa',
        doc: 'rsa of 2048 bits, or ecdsa P-256.',
      },
      keyFile: { type: 'text', value: 'FILE', default: 'key.pem', doc: 'Where the key goes; - prints it.' },
      certFile: {
        type: 'text',
        value: 'FILE',
        default: 'cert.pem',
        doc: 'Where the certificate goes; - prints it.',
      },
      overwrite: { type: 'switch', doc: 'Replace files that exist.' },
    },
    run: async ({ options }) => {
      const names = [...options.hostname, ...options.cpHostname].flatMap(name => name.split(','))
      if (options.type === 'server' && names.length === 0)
        throw usageError('give the name of the server with --hostname, as clients call it')
      const privateKeyPem = await newKey(options.keyType)
      const nowMs = world.nowMs()
      const { createCertificate } = await import('#base/x509/certificate.ts')
      const certificate = createCertificate({
        signer: createPrivateKey(privateKeyPem),
        subject: [['CN', names[0] ?? 'vmesh client']],
        dnsNames: names.filter(name => isIP(name) === 0),
        ips: names.filter(name => isIP(name) !== 0),
        notBeforeMs: nowMs - BACKDATE_MS,
        notAfterMs: nowMs + VALID_FOR_MS,
        ca: {},
        keyUsage: ['digitalSignature', 'keyEncipherment', 'keyCertSign'],
        extendedKeyUsage: [options.type === 'server' ? 'serverAuth' : 'clientAuth'],
      })
      await save(options.keyFile, privateKeyPem, PRIVATE_FILE, options.overwrite, world)
      await save(options.certFile, certificate, PUBLIC_FILE, options.overwrite, world)
      if (options.keyFile !== '-') world.err(`Private key saved in ${options.keyFile}\n`)
      if (options.certFile !== '-') world.err(`Certificate saved in ${options.certFile}\n`)
      return EXIT.ok
    },
  })
}

async function newKey(type: 'rsa' | 'ecdsa'): Promise<string> {
  const encoding = {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  } as const
  const pair =
    type === 'rsa'
      ? await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS, ...encoding })
      : await promisify(generateKeyPair)('ec', { namedCurve: 'P-256', ...encoding })
  return pair.privateKey
}

/** A key that is in use must not be lost by a command typed twice. */
async function save(
  path: string,
  text: string,
  mode: number,
  mayReplace: boolean,
  world: World,
): Promise<void> {
  if (path === '-') return world.out(text)
  if (!mayReplace && existsSync(path)) throw failed(`${path} exists already; replace it with --overwrite`)
  await writeFileAtomic(path, text, { mode })
}
