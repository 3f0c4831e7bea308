/** Resolves at SIGTERM or SIGINT. A second signal ends the process at once, as impatient people expect. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve(signal)
        // nobody listens any more: the default action takes the next one
        process.removeAllListeners('SIGTERM')
        process.removeAllListeners('SIGINT')
      })
    }
  })
}
