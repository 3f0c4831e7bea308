/** `GET /openapi.json`: made when it is first asked for, for whoever may know that this control plane is here. */
import { kinds } from '../../kinds/registry.ts'
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint, Route } from '../request.ts'
import { openApiDocument } from './document.ts'

/** @param routes all of them, this one too */
export function openApiEndpoint({ version, prefix }: ApiContext, routes: () => readonly Route[]): Endpoint {
  let document: unknown
  return {
    right: { check: 'never' },
    operation: 'Could not describe the API',
    async handle() {
      document ??= openApiDocument(routes(), kinds, { version, prefix })
      return ok(document)
    },
  }
}
