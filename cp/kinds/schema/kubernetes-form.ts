/** Resources as Kubernetes has them, which the first tab of Kuma's documentation shows: recognised, and said so. */
import { isObject } from './decode.ts'

export const KUBERNETES_FORM =
  "this is the Kubernetes form (apiVersion, kind, metadata); give the Universal form, the other tab of Kuma's documentation: type, mesh, name and spec at the top"

export function isKubernetesForm(value: unknown): boolean {
  return (
    isObject(value) && !('type' in value) && typeof value['kind'] === 'string' && isObject(value['metadata'])
  )
}
