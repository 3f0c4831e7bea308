/** What findings of probes make of an endpoint. */
import t from 'tap'
import type { HealthCheck } from '#contract/resilience/health-check.ts'
import { healthOf, healthQuestion } from '../../../../dp/cluster/health/grpc-health.ts'
import { bad, Verdict, WELL } from '../../../../dp/cluster/health/verdict.ts'
import { PROBE_TIMES } from '../../../support/snapshots.ts'

const CHECK: HealthCheck = { ...PROBE_TIMES, type: 'tcp', unhealthyThreshold: 3, healthyThreshold: 2 }

/** `+` well, `-` bad, `!` the endpoint itself says so; answers the health after each: `h` or `u`. */
function after(findings: string): string {
  const verdict = new Verdict()
  return [...findings]
    .map(one => {
      verdict.take(one === '+' ? WELL : bad('x', one === '!'), CHECK)
      return verdict.isHealthy ? 'h' : 'u'
    })
    .join('')
}

const CASES: readonly (readonly [name: string, findings: string, health: string])[] = [
  ['it is taken for healthy until the first probe, which decides', '-', 'u'],
  ['a first success needs no second', '+', 'h'],
  ['as many failures in a row as the threshold says', '+---', 'hhhu'],
  ['a success between them begins anew', '+--+--', 'hhhhhh'],
  ['as many successes in a row to come back', '-+-++', 'uuuuh'],
  ['an endpoint that says that it is not to be used is not', '+!', 'hu'],
]

for (const [name, findings, health] of CASES) {
  t.test(name, async t => {
    t.equal(after(findings), health)
  })
}

t.test('questions and answers of grpc.health.v1', async t => {
  t.same([...healthQuestion('')], [0, 0, 0, 0, 0])
  t.same([...healthQuestion('ab')], [0, 0, 0, 0, 4, 0x0a, 2, 97, 98])
  t.equal(healthQuestion('x'.repeat(300)).length, 5 + 1 + 2 + 300)
  t.equal(healthOf(Buffer.from([0, 0, 0, 0, 2, 8, 1])), 'SERVING')
  t.equal(healthOf(Buffer.from([0, 0, 0, 0, 2, 8, 2])), 'NOT_SERVING')
  t.equal(healthOf(Buffer.from([0, 0, 0, 0, 0])), 'UNKNOWN')
  t.equal(healthOf(Buffer.alloc(0)), 'nothing')
})
