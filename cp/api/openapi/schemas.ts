/** The schemas of the OpenAPI document: every kind as it is written and shown, and the shapes around them. */
import { jsonSchemaOf } from '../../kinds/describe.ts'
import type { Kind } from '../../kinds/kind.ts'

type Json = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }

const SHARED: Readonly<Record<string, Json>> = {
  Problem: {
    type: 'object',
    description:
      'What went wrong. `details` and `causes` repeat `detail` and `invalid_parameters` for older clients.',
    required: ['type', 'status', 'title'],
    properties: {
      type: { const: '/std-errors' },
      status: { type: 'integer' },
      title: text,
      detail: text,
      instance: { ...text, description: 'Under which the log tells more.' },
      invalid_parameters: {
        type: 'array',
        items: {
          type: 'object',
          required: ['field', 'reason'],
          properties: { field: text, reason: text },
        },
      },
      details: { ...text, deprecated: true },
      causes: {
        type: 'array',
        deprecated: true,
        items: { type: 'object', properties: { field: text, message: text } },
      },
    },
  },
  List: {
    type: 'object',
    required: ['total', 'items', 'next'],
    properties: {
      total: { type: 'integer', minimum: 0, description: 'Of all pages.' },
      items: { type: 'array', items: { type: 'object' } },
      next: { type: ['string', 'null'], format: 'uri', description: 'Address of the next page.' },
    },
  },
  Written: {
    type: 'object',
    description: 'What a change has to tell; empty when it has nothing.',
    properties: {
      warnings: { type: 'array', items: text },
      dryRun: { type: 'boolean' },
      outcome: { enum: ['created', 'updated', 'unchanged', 'deleted'] },
      changes: { type: 'array', items: { $ref: '#/components/schemas/Change' } },
      affected: { type: 'object', description: 'The data planes that the change touches.' },
      applied: { $ref: '#/components/schemas/Applied' },
    },
  },
  Applied: {
    type: 'object',
    description: 'Who runs the change, of the registered data planes whose snapshot it alters.',
    required: ['version', 'isComplete', 'total', 'acknowledged', 'pending'],
    properties: {
      version: { ...text, description: 'EPOCH-REVISION of the change.' },
      isComplete: { type: 'boolean', description: 'All of them run it, or it alters none.' },
      total: { type: 'integer', description: 'How many it alters, connected or not.' },
      acknowledged: { type: 'integer', description: 'How many of these have acknowledged it.' },
      pending: {
        type: 'array',
        description: 'The others; at most a thousand are named.',
        items: {
          type: 'object',
          required: ['mesh', 'name', 'state'],
          properties: {
            mesh: text,
            name: text,
            state: {
              enum: ['refused', 'offline', 'waiting'],
              description:
                'refused: it keeps what it had, which ends the wait; offline: not connected, so it has not got it; waiting: it is on its way.',
            },
            reason: text,
          },
        },
      },
    },
  },
  Change: {
    type: 'object',
    required: ['op', 'path'],
    properties: {
      op: { enum: ['add', 'remove', 'replace'] },
      path: { ...text, description: 'JSON pointer.' },
      value: {},
      before: {},
    },
  },
  Revision: {
    type: 'object',
    required: ['revision', 'version', 'time', 'author', 'action'],
    properties: {
      revision: { type: 'integer' },
      version: { ...text, description: 'EPOCH-REVISION.' },
      time,
      author: { ...text, description: 'The user; of the control plane itself mesh-system:control-plane.' },
      action: { enum: ['created', 'updated', 'deleted', 'restored'] },
      restoredFrom: { type: 'integer' },
    },
  },
  Difference: {
    type: 'object',
    required: ['from', 'to', 'changes'],
    properties: {
      from: { type: 'integer' },
      to: { type: 'integer' },
      changes: { type: 'array', items: { $ref: '#/components/schemas/Change' } },
    },
  },
  TokenRequest: {
    type: 'object',
    description: 'For whom the token is; which fields count depends on its sort.',
    properties: {
      name: text,
      mesh: text,
      tags: { type: 'object', additionalProperties: { type: 'array', items: text } },
      type: { enum: ['', 'dataplane', 'ingress', 'egress'] },
      workload: text,
      groups: { type: 'array', items: text },
      zone: text,
      scope: { type: 'array', items: text },
      validFor: { ...text, description: 'A Go duration such as 24h.' },
    },
  },
}

/** By name; those of kinds bear the name of their type. */
export function schemasOf(kinds: readonly Kind[]): Readonly<Record<string, Json>> {
  return { ...SHARED, ...Object.fromEntries(kinds.map(kind => [kind.type, shownSchema(kind)])) }
}

/** What is written and what only answers have. */
function shownSchema(kind: Kind): Json {
  const { $schema, properties, ...schema } = jsonSchemaOf(kind)
  const answered = {
    creationTime: { ...time, readOnly: true },
    modificationTime: { ...time, readOnly: true },
    ...(kind.shortName === '' ? {} : { kri: { ...text, readOnly: true, description: 'Its identifier.' } }),
    ...(kind.emptyStatus === null ? {} : { status: { type: 'object', readOnly: true } }),
  }
  return { ...schema, properties: { ...answered, ...(properties as object) } }
}
