/** The OpenAPI document: it describes what is served, no more and no less, and a linter finds nothing. */
import { createConfig, lintFromString } from '@redocly/openapi-core'
import t from 'tap'
import { OPERATIONS } from '../../../cp/api/openapi/operations.table.ts'
import { routesOf } from '../../../cp/api/routes.ts'
import { kinds } from '../../../cp/kinds/registry.ts'
import { send, startApi } from '../../support/api.ts'

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> }
}

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const { text, json, status } = await send('GET', `${run.http}/openapi.json`)
const document = json as Document

t.test('it is served, with a schema for every kind', async t => {
  t.equal(status, 200)
  t.match(document, { openapi: '3.1.0', info: { title: 'vmesh control plane' } })
  for (const { type } of kinds) t.ok(document.components.schemas[type]?.properties, type)
})

t.test('a linter finds nothing', async t => {
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      // a static segment wins over a parameter, which the document cannot say
      'no-ambiguous-paths': 'off',
      'info-license-strict': 'error',
      'operation-operationId-unique': 'error',
      'no-unresolved-refs': 'error',
      'no-unused-components': 'error',
      // examples of the address are given by the place it is read from
      'no-server-example.com': 'off',
    },
  })
  const problems = await lintFromString({ source: text, absoluteRef: '/openapi.json', config })
  t.same(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`),
    [],
  )
})

t.test('every route is described, and every line of the table belongs to a route', async t => {
  // the table of routes only builds closures
  const nothing = new Proxy({}, { get: () => () => undefined })
  const routes = routesOf(nothing as never)
  const isWrite = (method: string): boolean => method === 'PUT' || method === 'DELETE'
  const described = new Set<string>()
  for (const { path: pattern, methods } of routes) {
    const path = pattern.replace(/:(\w+)/g, '{$1}')
    const kind = kinds.find(one => [one.path, ...one.aliases].some(own => path.endsWith(`/${own}/{name}`)))
    for (const method of Object.keys(methods)) {
      // what only the control plane writes answers 405
      if (isWrite(method) && kind?.readOnly === true) continue
      described.add(`${method} ${path}`)
      t.ok(document.paths[path]?.[method.toLowerCase()], `${method} ${path}`)
    }
  }
  const paths = kinds.flatMap(kind => [kind.path, ...kind.aliases])
  for (const operation of Object.keys(OPERATIONS)) {
    const candidates = operation.includes('KIND')
      ? paths.map(path => operation.replace('KIND', path))
      : [operation]
    t.ok(
      candidates.some(candidate => described.has(candidate)),
      operation,
    )
  }
})
