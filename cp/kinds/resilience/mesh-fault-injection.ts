/**
 * MeshFaultInjection: aborts, delays and slow responses, to see how callers cope (kuma-api 4.12). Kuma's messages count
 * faults inside their kind: `http.abort[1]` is the abort of the second fault.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { goDuration, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import {
  ANY_CLIENT,
  ANY_PROXY,
  fromField,
  policyViolations,
  policyWarnings,
  rulesField,
  toOfGatewaysField,
  topTargetRef,
} from '../policy.ts'
import { unenforcedParts } from '../routing/unenforced-refs.ts'
import { optional, required } from '../schema/doc.ts'
import type { TargetRefRules } from '../target-ref.ts'
import { intOrString, percentageViolations } from '../values.ts'
import { inboundRefusal } from './gateway-lists.ts'
import { durationNotNegative, statusCode } from './ranges.ts'

const percentage = required(intOrString, 'Share of the requests that are hit.', {
  unit: 'percent',
  typeText: 'whole number or decimal text',
  rule: '0 to 100',
})

const faultSchema = z.object({
  abort: optional(
    z.object({
      httpStatus: required(z.int(), 'Status of the answer.', { rule: '100 to 599' }),
      percentage,
    }),
    'Answers the request instead of passing it on.',
  ),
  delay: optional(
    z.object({
      value: required(goDuration, 'How long.', { unit: 'duration such as 1m30s', rule: '0s or longer' }),
      percentage,
    }),
    'Holds the request back.',
  ),
  responseBandwidth: optional(
    z.object({
      limit: required(z.string(), 'How fast.', { rule: 'a number with kbps, Mbps or Gbps: 50Mbps' }),
      percentage,
    }),
    'Slows the response down.',
  ),
})

const faultsSchema = z.object({
  http: optional(z.array(faultSchema), 'Faults of HTTP requests.'),
})

const CLIENTS: TargetRefRules = { kinds: ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset'] }

const policySchema = z.object({
  targetRef: topTargetRef(ANY_PROXY.kinds.join(', ')),
  to: toOfGatewaysField(faultsSchema),
  from: fromField(faultsSchema, CLIENTS.kinds.join(', ')),
  rules: rulesField(faultsSchema),
})

type Faults = z.infer<typeof faultsSchema>

export const meshFaultInjection = defineKind<z.infer<typeof policySchema>>({
  type: 'MeshFaultInjection',
  path: 'meshfaultinjections',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mfi',
  isPolicy: true,
  doc:
    'A MeshFaultInjection lets some of the HTTP requests to the data planes that it selects fail, wait or answer ' +
    'slowly, to see how callers cope.',
  schema: policySchema,
  check: spec =>
    policyViolations<Faults>(spec, {
      top: ANY_PROXY,
      to: () => ANY_CLIENT,
      from: () => CLIENTS,
      hasRules: true,
      refusal: inboundRefusal,
      mayBeEmpty: true,
      conf: (conf, path) => (conf?.http ?? []).flatMap((fault, i) => faultViolations(fault, path, i)),
    }),
  warnings: spec =>
    policyWarnings(spec, "'from' field is deprecated, use 'rules' with SPIFFE-based 'matches' instead"),
  unenforced: spec => unenforcedParts(policySchema, spec),
})

function faultViolations(fault: z.infer<typeof faultSchema>, path: string, index: number): Violation[] {
  const { abort, delay, responseBandwidth } = fault
  const at = (kind: string): string => itemAt(fieldAt(path, `http.${kind}`), index)
  return [
    ...(abort === undefined
      ? []
      : [
          ...statusCode(abort.httpStatus, fieldAt(at('abort'), 'httpStatus')),
          ...percentageViolations(abort.percentage, fieldAt(at('abort'), 'percentage')),
        ]),
    ...(delay === undefined
      ? []
      : [
          ...durationNotNegative(delay.value, fieldAt(at('delay'), 'value')),
          ...percentageViolations(delay.percentage, fieldAt(at('delay'), 'percentage')),
        ]),
    ...(responseBandwidth === undefined
      ? []
      : [
          ...bandwidthViolations(responseBandwidth.limit, fieldAt(at('responseBandwidth'), 'limit')),
          ...percentageViolations(
            responseBandwidth.percentage,
            fieldAt(at('responseBandwidth'), 'percentage'),
          ),
        ]),
  ]
}

/** Kuma 2.5 writes `mbps`, 2.14 `Mbps`. */
function bandwidthViolations(limit: string, field: string): Violation[] {
  if (limit === '') return [violation(field, 'must be defined')]
  return /^\d+\s?[gmk]bps$/i.test(limit) ? [] : [violation(field, 'must be in kbps/Mbps/Gbps units')]
}
