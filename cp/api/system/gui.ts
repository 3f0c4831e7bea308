/** `/gui` and all below it: the files of the GUI, for whoever asks; what it shows it reads through the API. */
import type { GuiOptions } from '../../gui/server.ts'
import { guiFile } from '../../gui/server.ts'
import type { Endpoint, Route } from '../request.ts'

/** @param path of the GUI below the API's prefix: `/gui` */
export function guiRoutes(options: GuiOptions, path: string): readonly Route[] {
  const endpoint: Endpoint = {
    right: { check: 'never' },
    operation: 'Could not read the GUI',
    producesText: true,
    async handle({ params }) {
      const { type, bytes, isImmutable } = await guiFile(options, params['*'] ?? '')
      const caching = isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache'
      return {
        status: 200,
        bytes,
        headers: { 'content-type': type, 'cache-control': caching, 'x-content-type-options': 'nosniff' },
      }
    },
  }
  return [
    { path, methods: { GET: endpoint } },
    { path: `${path}/*`, methods: { GET: endpoint } },
  ]
}
