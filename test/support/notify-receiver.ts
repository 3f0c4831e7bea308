/** systemd's end of the notify socket: a child process that prints every datagram it gets, as Node has none. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const PYTHON = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
a = sys.argv[1]
s.bind('\\0' + a[1:] if a.startswith('@') else a)
print('"bound"', flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`

export interface NotifyReceiver {
  /** The next datagram that was not taken yet. */
  next(): Promise<string>
  stop(): Promise<void>
}

/** @param socket a path, or `@name` for an abstract address */
export async function startNotifyReceiver(socket: string): Promise<NotifyReceiver> {
  const child: ChildProcess = spawn('python3', ['-c', PYTHON, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('no stdout')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const line = await lines.next()
    if (line.done === true) throw new Error('the receiver ended')
    return String(JSON.parse(line.value))
  }
  await next()
  return {
    next,
    stop: async () => {
      const gone = once(child, 'exit')
      child.kill()
      await gone
    },
  }
}
