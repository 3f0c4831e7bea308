/** `generate signing-key` and `public-key`: RSA keys for tokens, in the forms that secrets and settings take. */
import { createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { TARGET_OPTIONS } from '../../target.ts'
import type { World } from '../../world.ts'
import { readSigningKey } from './signed.ts'

const RSA_BITS = 2048

export function signingKeyCommand(world: World): CommandNode {
  return command({
    name: 'signing-key',
    doc: 'an RSA private key that signs tokens',
    notes: 'The default form is what `data:` of a Secret takes; --signing-key-path takes --format pem.',
    options: {
      ...TARGET_OPTIONS,
      format: {
        type: 'text',
        value: 'FORM',
        choices: ['pem', 'pem-base64'],
        default: 'pem-base64',
        doc: 'pem, or its base64.',
      },
    },
    run: async ({ options }) => {
      const { privateKey } = await promisify(generateKeyPair)('rsa', {
        modulusLength: RSA_BITS,
        privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      })
      world.out(options.format === 'pem' ? privateKey : `${Buffer.from(privateKey).toString('base64')}\n`)
      return EXIT.ok
    },
  })
}

export function publicKeyCommand(world: World): CommandNode {
  return command({
    name: 'public-key',
    doc: 'the public key of a signing key, for control planes that only check tokens',
    options: {
      ...TARGET_OPTIONS,
      signingKeyPath: { type: 'text', value: 'FILE', required: true, doc: 'The private key, in PEM.' },
    },
    run: async ({ options }) => {
      const key = createPublicKey(await readSigningKey(options.signingKeyPath))
      world.out(key.export({ type: 'spki', format: 'pem' }).toString())
      return EXIT.ok
    },
  })
}
