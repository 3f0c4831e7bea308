/**
 * Bundles each program into one file under .build/, for measuring and later for packages:
 * `node scripts/build.ts` → .build/vmesh-cp.mjs, .build/vmesh-dp.mjs, .build/vmeshctl.mjs.
 */
import { rmSync } from 'node:fs'
import { build } from 'esbuild'

const PROGRAMS = { 'vmesh-cp': 'cp/main.ts', 'vmesh-dp': 'dp/main.ts', vmeshctl: 'cp/cli/main.ts' }

// names of parts come from what they hold: those of the last time would stay
rmSync('.build', { recursive: true, force: true })
await build({
  entryPoints: Object.entries(PROGRAMS).map(([out, source]) => ({ in: source, out })),
  outdir: '.build',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  minify: true,
  // commonjs packages in the bundle ask for node's own modules
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
})
