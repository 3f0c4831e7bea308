/** Names of request fields that matter to whoever forwards the request, each with its number; others go on as they lie. */
import { FieldNames, spellingsOf } from './field-names.ts'

export const HOST = 1
export const CONNECTION = 2
export const CONTENT_LENGTH = 3
export const TRANSFER_ENCODING = 4
export const TE = 5
export const EXPECT = 6
export const UPGRADE = 7
export const REQUEST_ID = 8
export const FORWARDED_PROTO = 9
export const MISSPELT_LENGTH = 10
export const MISSPELT_CODING = 11

/** The first eleven by number above; the rest is dropped: of one connection, or only for proxies to set. */
export const REQUEST_NAMES = new FieldNames([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'te',
  'expect',
  'upgrade',
  'x-request-id',
  'x-forwarded-proto',
  'content_length',
  'transfer_encoding',
  'keep-alive',
  'proxy-connection',
  'http2-settings',
  ...spellingsOf('x-forwarded-client-cert'),
  ...spellingsOf('x-kuma-tags'),
  'x-envoy-internal',
  'x-envoy-retry-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-alt-stat-name',
])
