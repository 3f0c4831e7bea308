/**
 * The GUI's files over HTTP: a static build for Kuma's control plane from a folder, its index page completed with the
 * base path and the configuration that such builds look for (kuma-api 3.1). Without a folder, a page that says how.
 */
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'

export interface GuiOptions {
  /** null: no GUI was given. */
  readonly dir: string | null
  /** `/gui`, with the prefix of the API before it. */
  readonly basePath: string
  /** What the GUI reads: `apiUrl`, `version`, `product`, … */
  readonly config: Readonly<Record<string, unknown>>
}

export interface GuiFile {
  readonly type: string
  readonly bytes: Buffer
  /** Names of built assets carry their digest. */
  readonly isImmutable: boolean
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
}

/** @param path below the base path, decoded; unknown paths are the page, which finds its way by itself */
export async function guiFile(options: GuiOptions, path: string): Promise<GuiFile> {
  const { dir } = options
  if (dir === null) return page(NO_GUI)
  const name = normalize(`/${path}`).slice(1)
  if (name !== '' && name !== 'index.html' && !name.endsWith(sep) && !name.includes('\0')) {
    const bytes = await readFile(join(dir, name)).catch(() => null)
    if (bytes !== null) {
      const type = TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream'
      return { type, bytes, isImmutable: name.startsWith(`assets${sep}`) }
    }
  }
  const index = await readFile(join(dir, 'index.html'), 'utf8').catch(() => null)
  return page(index === null ? NO_INDEX : completed(index, options))
}

/** What the build has of the two elements is for another server's templates. */
function completed(index: string, { basePath, config }: GuiOptions): string {
  const json = JSON.stringify(config).replaceAll('<', '\\u003c')
  const head =
    `<base href="${basePath}/"/>` + `<script type="application/json" id="kuma-config">${json}</script>`
  const bare = index
    .replace(/<base\s[^>]*>/gi, '')
    .replace(/<script\b[^>]*\bid="kuma-config"[^>]*>[\s\S]*?<\/script>/gi, '')
  return /<head[^>]*>/i.test(bare) ? bare.replace(/<head[^>]*>/i, match => `${match}${head}`) : head + bare
}

function page(html: string): GuiFile {
  return { type: 'text/html; charset=utf-8', bytes: Buffer.from(html), isImmutable: false }
}

const frame = (text: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>vmesh</title></head><body><h1>vmesh</h1>${text}</body></html>`

const NO_GUI = frame(
  '<p>The control plane runs. It was given no GUI: set <code>apiServer.gui.dir</code> to a folder with the files of a GUI for Kuma.</p>',
)
const NO_INDEX = frame(
  '<p>The folder <code>apiServer.gui.dir</code> has no file <code>index.html</code>.</p>',
)
