/** Whether a unit of systemd is active. */
import { execFile } from 'node:child_process'
import { codeOf } from '#base/errors.ts'

const UNIT = /^[\w:.@\\][\w:.@\\-]{0,254}$/
const MAX_BYTES = 4_096

/** `systemctl`: the program, by path or by name. */
export function askSystemd(
  unit: string,
  systemctl: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  if (!UNIT.test(unit)) return Promise.resolve(`${JSON.stringify(unit)} is no name of a unit`)
  const args = ['show', '--property=ActiveState,LoadState', '--', unit]
  const options = { env, killSignal: 'SIGKILL', maxBuffer: MAX_BYTES, signal } as const
  return new Promise(resolve => {
    execFile(systemctl, args, options, (error, output, complaint) => {
      if (codeOf(error) === 'ENOENT') return resolve(`there is no ${systemctl} on this machine`)
      if (error !== null)
        return resolve(`systemctl does not answer: ${firstLine(complaint || error.message)}`)
      const state = propertyOf(output, 'ActiveState')
      if (state === 'active' || state === 'reloading') return resolve('')
      if (propertyOf(output, 'LoadState') === 'not-found') return resolve(`there is no unit ${unit}`)
      resolve(`unit ${unit} is ${state || 'in no state that systemctl tells'}`)
    })
  })
}

function propertyOf(output: string, name: string): string {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1] ?? ''
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
