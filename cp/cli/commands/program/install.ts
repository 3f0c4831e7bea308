/** `vmeshctl install`, `uninstall`: Kuma's answer with Kubernetes manifests and iptables; here one sentence. */
import { type CommandNode, command } from '#base/command-line.ts'
import { failed } from '../../errors.ts'
import { TARGET_OPTIONS } from '../../target.ts'
import type { World } from '../../world.ts'

const WHAT = {
  what: { value: 'WHAT', doc: 'what kumactl would install', optional: true },
} as const

const INSTEAD: Readonly<Record<string, string>> = {
  'transparent-proxy':
    'there is no transparent proxy: applications call the ports of their outbounds on 127.0.0.1; see vmeshctl outbounds',
  crds: 'there is no Kubernetes; apply the same resources with vmeshctl apply',
}

export function installCommand(_: World): CommandNode {
  return command({
    name: 'install',
    doc: 'say how vmesh is installed',
    arguments: WHAT,
    options: TARGET_OPTIONS,
    run: async ({ args }) => {
      throw failed(
        INSTEAD[args.what ?? ''] ??
          'vmeshctl installs nothing: install the packages of vmesh-cp and vmesh-dp and start their systemd units; systemd/README.md says how',
      )
    },
  })
}

export function uninstallCommand(_: World): CommandNode {
  return command({
    name: 'uninstall',
    doc: 'say how vmesh is removed',
    arguments: WHAT,
    options: TARGET_OPTIONS,
    run: async () => {
      throw failed(
        'vmeshctl removes nothing: stop the systemd units of vmesh-cp and vmesh-dp and remove their packages; data stays in their state folders',
      )
    },
  })
}
