/** Where a call is made again: not where it was tried, and after so many tries not in their priority; and routes of their own. */
import t from 'tap'
import type { Retry } from '#contract/resilience/retry.ts'
import { aRetry, callingEngine, toldApplication } from '../../../support/retried.ts'
import { LOOPBACK } from '../../../support/snapshots.ts'

const PRIORITIES = [0, 0, 0, 1, 1]

/** The priorities that four tries of one call went to. */
async function triedPriorities(
  t: Parameters<typeof toldApplication>[0],
  retry: Partial<Retry>,
): Promise<string> {
  const tried: number[] = []
  const apps = await Promise.all(
    PRIORITIES.map(priority =>
      toldApplication(t, (_request, response) => {
        tried.push(priority)
        response.writeHead(503).end()
      }),
    ),
  )
  const ports = apps.map(({ port }) => port)
  const endpoints = ports.map((port, i) => ({ address: LOOPBACK, port, priority: PRIORITIES[i] ?? 0 }))
  const { url } = await callingEngine(t, ports, { retry: aRetry({ retries: 3, ...retry }) }, { endpoints })
  await (await fetch(url)).text()
  return tried.join(' ')
}

t.test('each endpoint of a priority is tried before the next priority', async t => {
  t.equal(await triedPriorities(t, {}), '0 0 0 1')
})

t.test('a priority is left out after as many tries as it says', async t => {
  t.equal(await triedPriorities(t, { omitsPrioritiesAfter: 2 }), '0 0 1 1')
  t.match(await triedPriorities(t, { omitsPrioritiesAfter: 1 }), /^0 1 /)
  t.equal(await triedPriorities(t, { omitsPrioritiesAfter: 9 }), '0 0 0 1')
})

t.test('a route whose calls are not made again is none of the outbound that makes them again', async t => {
  const app = await toldApplication(t, (_request, response) => response.writeHead(503).end())
  const routes = [
    {
      match: { path: { type: 'prefix', value: '/once' } },
      backends: [{ cluster: 'api', weight: 1 }],
      policy: 'MeshHTTPRoute/once',
      retry: aRetry({ retries: 0 }),
    },
  ] as const
  const { url } = await callingEngine(t, [app.port], { retry: aRetry({ retries: 2 }), routes })
  await (await fetch(`${url}/once`)).text()
  t.equal(app.bodies.length, 1)
  await (await fetch(`${url}/other`)).text()
  t.equal(app.bodies.length, 4)
})
