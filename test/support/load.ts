/** A small load generator: keep-alive connections, one request at a time each; counts what fails. */
import { Agent, request } from 'node:http'

export interface Load {
  /** Ends it; resolves when the last answer is there. */
  stop(): Promise<LoadResult>
  readonly answered: () => number
}

export interface LoadResult {
  readonly answered: number
  /** Answers other than 200, and requests without an answer, in words. */
  readonly failures: readonly string[]
}

/** `connections`: so many requests are under way at any time. */
export function startLoad(options: { port: number; path: string; connections: number }): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections })
  const failures: string[] = []
  let answered = 0
  let isOver = false
  const once = (): Promise<void> =>
    new Promise(resolve => {
      const asked = request(
        { host: '127.0.0.1', port: options.port, path: options.path, agent },
        response => {
          response.resume()
          response.on('end', () => {
            if (response.statusCode === 200) answered++
            else failures.push(`${response.statusCode} ${String(response.headers['x-vmesh-reason'])}`)
            resolve()
          })
          response.on('error', error => {
            failures.push(error.message)
            resolve()
          })
        },
      )
      asked.on('error', error => {
        failures.push(error.message)
        resolve()
      })
      asked.end()
    })
  const lane = async (): Promise<void> => {
    while (!isOver) await once()
  }
  const lanes = Promise.all(Array.from({ length: options.connections }, lane))
  return {
    answered: () => answered,
    async stop() {
      isOver = true
      await lanes
      agent.destroy()
      return { answered, failures }
    },
  }
}
