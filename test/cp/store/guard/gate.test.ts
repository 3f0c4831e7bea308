/** The gate lets shared tasks run together and an exclusive one alone, in the order they came. */
import t from 'tap'
import { Gate } from '../../../../cp/store/guard/gate.ts'

/** A task that says when it runs and ends when it is told. */
function aTask(name: string, log: string[]): { run: () => Promise<string>; end: () => void } {
  let end = (): void => undefined
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const run = async (): Promise<string> => {
    log.push(`${name} begins`)
    await ended
    log.push(`${name} ends`)
    return name
  }
  return { run, end }
}

t.test('runs shared tasks together, and one alone between them', async t => {
  const gate = new Gate()
  const log: string[] = []
  const [a, b, alone, c] = [aTask('a', log), aTask('b', log), aTask('alone', log), aTask('c', log)]
  const results = [gate.share(a.run), gate.share(b.run), gate.alone(alone.run), gate.share(c.run)]
  t.same(log, ['a begins', 'b begins'], 'what comes after the exclusive one waits, so that it is not starved')
  b.end()
  await results[1]
  a.end()
  await results[0]
  alone.end()
  await results[2]
  c.end()
  t.same(await Promise.all(results), ['a', 'b', 'alone', 'c'])
  t.same(log.slice(2), ['b ends', 'a ends', 'alone begins', 'alone ends', 'c begins', 'c ends'])
})

t.test('goes on after a task that fails', async t => {
  const gate = new Gate()
  const fail = async (): Promise<never> => {
    throw new Error('no')
  }
  await t.rejects(gate.alone(fail), { message: 'no' })
  await t.rejects(gate.share(fail), { message: 'no' })
  t.equal(await gate.alone(async () => 'next'), 'next')
})
