/** An application of HTTP/2 on raw frames: answers what is asked for `/first` with what it is told, the rest well. */
import { PREFACE } from '../../../../dp/codec/http2/frames/codes.ts'
import { HpackDecoder } from '../../../../dp/codec/http2/hpack/decoder.ts'
import { END_STREAM, frame, headers, SETTINGS_ACK, settings } from '../../../support/http2-peer.ts'
import { type RawPeer, type RawServer, rawServer } from '../../../support/raw-sockets.ts'

export interface HostileApplication extends RawServer {
  /** What answers `/first` from now on, on the stream of its number. */
  answers(frames: (id: number) => readonly Buffer[]): void
  /** Reads so far. */
  readonly heard: () => number
}

const HEAD_BYTES = 9
const HEADERS = 1
const SETTINGS = 4
const PING = 6

export async function hostileApplication(): Promise<HostileApplication> {
  let first: (id: number) => readonly Buffer[] = () => []
  let heard = 0

  function serve(peer: RawPeer): void {
    const decoder = new HpackDecoder()
    let isGreeted = false
    const say = (...frames: readonly Buffer[]) => peer.send(Buffer.concat(frames).toString('latin1'))
    peer.socket.on('end', () => peer.socket.end())
    peer.socket.on('data', () => {
      heard++
      let rest = Buffer.from(peer.take(), 'latin1')
      if (!isGreeted) {
        if (rest.length < PREFACE.length) {
          peer.heard = rest.toString('latin1')
          return
        }
        isGreeted = true
        rest = rest.subarray(PREFACE.length)
        say(settings())
      }
      while (rest.length >= HEAD_BYTES && rest.length >= HEAD_BYTES + rest.readUIntBE(0, 3)) {
        const end = HEAD_BYTES + rest.readUIntBE(0, 3)
        const [type, flags, id] = [rest[3], rest[4] ?? 0, rest.readUInt32BE(5)]
        const payload = rest.subarray(HEAD_BYTES, end)
        rest = rest.subarray(end)
        if (type === SETTINGS && flags === 0) say(SETTINGS_ACK)
        else if (type === PING && flags === 0) say(frame('PING', 1, 0, payload))
        else if (type === HEADERS) {
          let path = ''
          const sink = {
            onField(name: string, value: string) {
              if (name === ':path') path = value
            },
          }
          decoder.decode(payload, 0, payload.length, sink)
          if (path === '/first') say(...first(id))
          else say(...good(id))
        }
      }
      peer.heard = rest.toString('latin1') + peer.heard
    })
  }

  const server = await rawServer(serve)
  return {
    ...server,
    answers(frames) {
      first = frames
    },
    heard: () => heard,
  }
}

function good(id: number): Buffer[] {
  const fields: [string, string][] = [
    [':status', '200'],
    ['x-good', '1'],
    ['content-length', '4'],
  ]
  return [headers(id, 0, fields), frame('DATA', END_STREAM, id, 'good')]
}
