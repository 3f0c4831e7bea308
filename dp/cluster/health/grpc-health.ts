/** The two messages of grpc.health.v1.Health/Check: a string and a number, each the first field of its message. */

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
const STRING_FIELD_1 = 0x0a
const VARINT_FIELD_1 = 0x08
/** Flag and length before each message of gRPC. */
const PREFIX_BYTES = 5

/** HealthCheckRequest in its frame. `service` '': the server as a whole. */
export function healthQuestion(service: string): Buffer {
  const name = Buffer.from(service, 'utf8')
  const message =
    name.length === 0 ? name : Buffer.concat([Buffer.from([STRING_FIELD_1]), varint(name.length), name])
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** Of HealthCheckResponse in its frame; `nothing` where there is none. */
export function healthOf(body: Buffer): string {
  if (body.length < PREFIX_BYTES || body[0] !== 0) return 'nothing'
  const message = body.subarray(PREFIX_BYTES, PREFIX_BYTES + body.readUInt32BE(1))
  // 0 is not sent
  if (message.length === 0) return STATUSES[0]
  return message[0] === VARINT_FIELD_1 ? (STATUSES[message[1] ?? 0] ?? `status ${message[1]}`) : 'nothing'
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let left = value
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80)
  return Buffer.from([...bytes, left])
}
