/**
 * The number of the protocol between control plane and data plane, with its history, and the features that a
 * data plane may announce. A change that an older side would misunderstand raises the number.
 *
 * History
 *   1  first protocol: hello, welcome, snapshot (whole or changed sections), ack, refuse, issue, leave
 *      report came later: a data plane that sends none is shown with what was issued to it; no new number
 *      question and answer came later, to data planes with the feature `questions` alone: no new number
 *      readiness came later, from data planes with the feature `service-probes` alone: no new number
 *      routes of outbounds and balancers of clusters came before the first release: no new number
 */
export const PROTOCOL_VERSION = 1

/** The oldest protocol number that this side still speaks. */
export const OLDEST_PROTOCOL_VERSION = 1

/** What a data plane can do beyond the base protocol; the control plane compiles nothing else for it. */
export const FEATURES = [
  'http1',
  'tcp',
  'mesh-traffic-permission',
  'questions',
  'routes',
  'balancing',
  'service-probes',
] as const
export type Feature = (typeof FEATURES)[number]

/** Largest frame either side sends or accepts, in bytes. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024
