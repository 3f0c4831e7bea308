/** FaultInjection: delays, errors and slow answers made on purpose (kuma-api 4.10). Flat, mesh. */

import { z } from 'zod'
import { STATUS_CODES } from '#base/http-server.ts'
import { fieldAt } from '../field-path.ts'
import { protobufDuration, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { uint32 } from '../values.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { directionFields, inboundViolations, selectorsField } from './selectors.ts'

const percentage = () =>
  optional(z.number(), 'Share of the requests that it happens to.', {
    unit: 'percent',
    rule: '0 to 100; must be defined',
    keepsZero: true,
  })

const confSchema = z.object({
  delay: optional(
    z.object({
      percentage: percentage(),
      value: optional(protobufDuration, 'How long a request waits.', {
        rule: 'a duration such as 1m30s; must be defined',
      }),
    }),
    'Requests wait before they reach the service.',
  ),
  abort: optional(
    z.object({
      percentage: percentage(),
      httpStatus: optional(uint32, 'Status of the answer.', {
        rule: 'a known HTTP status; must be defined',
        keepsZero: true,
      }),
    }),
    'Requests are answered with an error and do not reach the service.',
  ),
  responseBandwidth: optional(
    z.object({
      percentage: percentage(),
      limit: optional(z.string(), 'How fast the body of the answer is sent.', {
        rule: 'a whole number and kbps, mbps or gbps: `50 mbps`; must be defined',
      }),
    }),
    'Answers are sent slowly.',
  ),
})

const faultInjectionSchema = z.object({
  sources: directionFields.sources,
  destinations: selectorsField('Inbounds that are called: those with these tags, and `kuma.io/protocol`.'),
  conf: optional(confSchema, 'What goes wrong.', { rule: 'at least one of its fields' }),
})

export type FaultInjectionSpec = z.infer<typeof faultInjectionSchema>
type Conf = z.infer<typeof confSchema>

const PROTOCOLS = ['http', 'http2', 'grpc'] as const

export const faultInjection = defineLegacyPolicy<FaultInjectionSpec>({
  type: 'FaultInjection',
  doc:
    'A FaultInjection makes calls from its sources to its destinations fail or wait, to try how applications cope. ' +
    'Destinations need the tag `kuma.io/protocol` with http, http2 or grpc. MeshFaultInjection is its successor.',
  schema: faultInjectionSchema,
  check: spec => [...inboundViolations(spec, { protocols: PROTOCOLS }), ...confViolations(spec.conf ?? {})],
})

/** A section that is there and empty is none. */
function confViolations({ delay, abort, responseBandwidth }: Conf): Violation[] {
  const sections = [delay, abort, responseBandwidth]
  if (!sections.some(isSet)) return [violation('conf', 'must have at least one of the faults configured')]
  return [
    ...(isSet(delay)
      ? [
          ...percentageViolations(delay.percentage, 'conf.delay'),
          ...(delay.value === undefined ? [violation('conf.delay.value', 'cannot be empty')] : []),
        ]
      : []),
    ...(isSet(abort)
      ? [
          ...percentageViolations(abort.percentage, 'conf.abort'),
          ...statusViolations(abort.httpStatus, 'conf.abort.httpStatus'),
        ]
      : []),
    ...(isSet(responseBandwidth)
      ? [
          ...percentageViolations(responseBandwidth.percentage, 'conf.responseBandwidth'),
          ...limitViolations(responseBandwidth.limit, 'conf.responseBandwidth.limit'),
        ]
      : []),
  ]
}

function isSet<Section extends object>(section: Section | undefined): section is Section {
  return section !== undefined && Object.values(section).some(value => value !== undefined)
}

function percentageViolations(percentage: number | undefined, path: string): Violation[] {
  const field = fieldAt(path, 'percentage')
  if (percentage === undefined) return [violation(field, 'cannot be empty')]
  return percentage >= 0 && percentage <= 100 ? [] : [violation(field, 'has to be in [0.0 - 100.0] range')]
}

function statusViolations(status: number | undefined, field: string): Violation[] {
  if (status === undefined) return [violation(field, 'cannot be empty')]
  // Node knows 509, which is in no RFC and which Kuma refuses
  const isKnown = STATUS_CODES[status] !== undefined && status !== 509
  return isKnown ? [] : [violation(field, 'http status code is incorrect')]
}

function limitViolations(limit: string | undefined, field: string): Violation[] {
  if (limit === undefined) return [violation(field, 'cannot be empty')]
  return /^\d+\s?[gmk]bps$/.test(limit) ? [] : [violation(field, 'has to be in kbps/mbps/gbps units')]
}
