/** Specs of Mesh* policies with one item, and what the control plane makes of them. */
import { accepted, faults } from './bodies.ts'

/** A spec, and the faults that are answered, paths without `spec.` before them. */
export type SpecCase = readonly [spec: object, faults: readonly string[]]

const EVERYBODY = { kind: 'Mesh' }

/** @param top targetRef of the policy; undefined: none is written */
export function to(conf: object | undefined, top?: object, targetRef: object = EVERYBODY): object {
  return withTop(top, { to: [item(conf, targetRef)] })
}

export function from(conf: object | undefined, top?: object, targetRef: object = EVERYBODY): object {
  return withTop(top, { from: [item(conf, targetRef)] })
}

export function rules(conf: object | undefined, top?: object, matches?: readonly object[]): object {
  const rule = {
    ...(matches === undefined ? {} : { matches }),
    ...(conf === undefined ? {} : { default: conf }),
  }
  return withTop(top, { rules: [rule] })
}

export function storedSpec(type: string, spec: object): unknown {
  return accepted(type, { spec }).draft.spec
}

export function specFaults(type: string, spec: object): readonly string[] {
  return faults(type, { spec }).map(fault => fault.replace(/^spec\.?/, ''))
}

export function warningsOf(type: string, spec: object): readonly string[] {
  return accepted(type, { spec }).warnings
}

function withTop(top: object | undefined, lists: object): object {
  return top === undefined ? lists : { targetRef: top, ...lists }
}

function item(conf: object | undefined, targetRef: object): object {
  return conf === undefined ? { targetRef } : { targetRef, default: conf }
}
