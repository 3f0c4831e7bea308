/** Asks the machine's `openssl` for a second opinion on keys, requests and certificates. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface OpensslAnswer {
  readonly ok: boolean
  /** stdout and stderr. */
  readonly text: string
}

/**
 * Runs `openssl ARGS…`; an argument that is a key of `files` is replaced by the path of a temporary file with that
 * content, which is gone when this returns.
 */
export function openssl(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
): OpensslAnswer {
  const folder = mkdtempSync(join(tmpdir(), 'vmesh-openssl-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    const paths = args.map(arg => (Object.hasOwn(files, arg) ? join(folder, arg) : arg))
    const run = spawnSync('openssl', paths, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    if (run.error !== undefined) throw run.error
    return { ok: run.status === 0, text: `${run.stdout}${run.stderr}` }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
