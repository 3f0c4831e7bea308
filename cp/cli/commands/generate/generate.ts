/** `vmeshctl generate`: tokens, their signing keys, certificates (kuma-api 1.11, 2.4, 7.1). */
import { type CommandNode, group } from '#base/command-line.ts'
import type { World } from '../../world.ts'
import { publicKeyCommand, signingKeyCommand } from './keys.ts'
import { tlsCertificateCommand } from './tls-certificate.ts'
import {
  dataplaneTokenCommand,
  userTokenCommand,
  zoneIngressTokenCommand,
  zoneTokenCommand,
} from './tokens.ts'

export function generateCommand(world: World): CommandNode {
  return group({
    name: 'generate',
    doc: 'make tokens, signing keys and certificates',
    commands: [
      dataplaneTokenCommand(world),
      zoneTokenCommand(world),
      zoneIngressTokenCommand(world),
      userTokenCommand(world),
      signingKeyCommand(world),
      publicKeyCommand(world),
      tlsCertificateCommand(world),
    ],
  })
}
