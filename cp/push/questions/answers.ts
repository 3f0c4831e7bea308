/** Is what a data plane answered what was asked for? The first member that is wrong, in words; null: all is well. */
import {
  type Check,
  hasMembers,
  isCount,
  isFlag,
  isListOf,
  isObject,
  isText,
  wrongMember,
} from '#base/shape.ts'
import type { AnswerValue, Topic } from '#contract/questions.ts'

const areCounters: Check = value => isObject(value) && Object.values(value).every(isCount)
const areMarks = isListOf(hasMembers({ cause: isText, reason: isText, sinceMs: isCount }))
const isEndpoint = hasMembers({
  address: isText,
  port: isCount,
  healthy: isFlag,
  reason: isText,
  active: isCount,
  marks: value => value === undefined || areMarks(value),
})
const LISTENER = {
  address: isText,
  port: isCount,
  protocol: isText,
  connections: isCount,
  counters: areCounters,
  endpoints: isListOf(isEndpoint),
}

const MEMBERS: Readonly<Record<Topic, Readonly<Record<string, Check>>>> = {
  configuration: {
    version: isText,
    sections: value => isObject(value) && Object.values(value).every(isObject),
  },
  statistics: {
    inbounds: isListOf(hasMembers({ ...LISTENER, service: isText })),
    outbounds: isListOf(hasMembers({ ...LISTENER, cluster: isText })),
  },
}

export function faultOfAnswer(topic: Topic, value: AnswerValue): string | null {
  const wrong = wrongMember({ ...value }, MEMBERS[topic])
  return wrong === undefined ? null : `its ${wrong} cannot be read`
}
