/** Both ends of gRPC as people have them, of @grpc/grpc-js: a server that echoes, fails, counts, sums and talks. */
import {
  Client,
  credentials,
  type handleBidiStreamingCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { LOOPBACK } from './snapshots.ts'

export { Metadata, type ServiceError, status } from '@grpc/grpc-js'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

export type Method = MethodDefinition<Buffer, Buffer>

export const asIs = (bytes: Buffer): Buffer => bytes
const method = (name: string, requestStream: boolean, responseStream: boolean): Method => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
})
export const ECHO = {
  unary: method('Unary', false, false),
  fail: method('Fail', false, false),
  count: method('Count', false, true),
  sum: method('Sum', true, false),
  talk: method('Talk', true, true),
}

/** `cancelled`: calls whose client went away. */
export async function grpcServer(t: Teardown): Promise<{ port: number; cancelled: () => number }> {
  let cancelled = 0
  const talk: handleBidiStreamingCall<Buffer, Buffer> = call => {
    call.on('cancelled', () => cancelled++)
    call.on('data', (message: Buffer) => call.write(message))
    call.on('end', () => call.end())
  }
  const echo = {
    unary: (call: { metadata: Metadata; request: Buffer; sendMetadata(m: Metadata): void }, done: Reply) => {
      const head = new Metadata()
      head.set('x-seen', call.metadata.get('x-mine').join())
      call.sendMetadata(head)
      const trailer = new Metadata()
      trailer.set('x-last', 'word')
      done(null, call.request, trailer)
    },
    fail: (_call: unknown, done: Reply) => done({ code: status.NOT_FOUND, details: 'no such thing: ü' }),
    count: (call: { request: Buffer; write(b: Buffer): void; end(): void }) => {
      for (let i = 0; i < call.request.length; i++) call.write(Buffer.from([i]))
      call.end()
    },
    sum: (call: NodeJS.EventEmitter, done: Reply) => {
      let sum = 0
      call.on('data', (message: Buffer) => {
        sum += message.length
      })
      call.on('end', () => done(null, Buffer.from(String(sum))))
    },
    talk,
  }
  const port = await serve(t, server => server.addService(ECHO, echo as never))
  return { port, cancelled: () => cancelled }
}

/** Of the number in HealthCheckResponse; null: it does not know that service. */
export type HealthOf = (service: string) => number | null

/** A server with the health service alone. */
export async function grpcHealthServer(t: Teardown, healthOf: HealthOf): Promise<number> {
  const path = '/grpc.health.v1.Health/Check'
  const check = (call: { request: Buffer }, done: Reply): void => {
    // the name is the first field of the message: its tag, its length, itself
    const health = healthOf(call.request.toString('utf8', 2))
    if (health === null) done({ code: status.NOT_FOUND, details: 'unknown service' })
    else done(null, Buffer.from([0x08, health]))
  }
  return serve(t, server => {
    server.addService({ check: { ...method('', false, false), path } }, { check } as never)
  })
}

async function serve(t: Teardown, addTo: (server: Server) => void): Promise<number> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  addTo(server)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${LOOPBACK}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  t.teardown(() => server.forceShutdown())
  return port
}

type Reply = (error: Partial<ServiceError> | null, value?: Buffer, trailer?: Metadata) => void

export function grpcClient(t: Teardown, port: number): Client {
  const client = new Client(`${LOOPBACK}:${port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  })
  t.teardown(() => client.close())
  return client
}

interface Outcome {
  readonly error: ServiceError | null
  readonly value: Buffer | undefined
  readonly head: Metadata | undefined
  readonly trailer: Metadata | undefined
}

export function unary(
  client: Client,
  { path }: Method,
  message: Buffer,
  metadata = new Metadata(),
  deadlineMs = 10_000,
) {
  return new Promise<Outcome>(resolve => {
    let head: Metadata | undefined
    let trailer: Metadata | undefined
    let result: { error: ServiceError | null; value: Buffer | undefined } | undefined
    const finish = (): void => {
      if (result !== undefined && trailer !== undefined) resolve({ ...result, head, trailer })
    }
    const options = { deadline: Date.now() + deadlineMs }
    const call = client.makeUnaryRequest(path, asIs, asIs, message, metadata, options, (error, value) => {
      result = { error, value }
      finish()
    })
    call.on('metadata', received => {
      head = received
    })
    call.on('status', ({ metadata: received }) => {
      trailer = received
      finish()
    })
  })
}
