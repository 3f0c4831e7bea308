/**
 * The stage of the demo: starts programs as a person would, prints what would be typed, checks claims, and in the end
 * stops all that it started.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PATIENCE_MS = 15_000
const POLL_MS = 50
const ROOT = new URL('..', import.meta.url).pathname

export interface Claim {
  readonly claim: string
  readonly isTrue: boolean
  readonly seen: string
}

/** What a command printed. */
export interface Outcome {
  readonly code: number | null
  readonly text: string
}

export class Stage {
  readonly dir = mkdtempSync(join(tmpdir(), 'vmesh-demo-'))
  readonly claims: Claim[] = []
  readonly #paceMs: number
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #running = new Map<string, ChildProcess>()
  #step = 0

  /** `paceMs`: the wait after each step, for readers. */
  constructor(options: { paceMs: number; env: Readonly<Record<string, string | undefined>> }) {
    this.#paceMs = options.paceMs
    this.#env = options.env
  }

  async step(title: string): Promise<void> {
    await pause(this.#paceMs)
    console.log(`\n${bold(`${++this.#step}. ${title}`)}`)
  }

  say(text: string): void {
    console.log(`   ${text}`)
  }

  /** Shows a command as it would be typed; `behind`: what the shell is told besides, as it is. */
  typed(words: readonly string[], behind = ''): void {
    const line = [...words.map(quoted), ...(behind === '' ? [] : [behind])].join(' ')
    console.log(dim(`   $ ${line.replaceAll(this.dir, '$DEMO')}`))
  }

  #isOver = false

  /** Starts a program that goes on; resolves when it says `ready`. Its output goes to NAME.log. */
  async start(
    name: string,
    words: readonly string[],
    ready: RegExp,
    shown: readonly string[] | null = words,
  ): Promise<void> {
    if (shown !== null) this.typed(shown)
    if (this.#isOver) throw new Error('the demo was ended')
    const [program = '', ...args] = words
    const child = spawn(program, args, {
      cwd: ROOT,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#running.set(name, child)
    const log = createWriteStream(join(this.dir, `${name}.log`), { flags: 'a' })
    let output = ''
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} did not get ready:\n${output}`)), PATIENCE_MS)
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          log.write(chunk)
          if (output.length > 100_000) return
          output += chunk
          if (ready.test(output)) resolve()
        })
      }
      child.on('error', reject)
      child.on('exit', code => reject(new Error(`${name} ended with ${code}:\n${output}`)))
      void child.once('close', () => log.end())
      child.once('close', () => clearTimeout(timer))
    })
  }

  /** Ends a program and waits for it. */
  async stop(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#running.get(name)
    this.#running.delete(name)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  /** Runs a command to its end. */
  run(words: readonly string[], options: { shown?: boolean; show?: boolean } = {}): Promise<Outcome> {
    const { shown = true, show = false } = options
    if (shown) this.typed(words)
    const [program = '', ...args] = words
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd: ROOT, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
      let text = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          text += chunk
        })
      }
      child.on('error', reject)
      child.on('close', code => {
        if (show) for (const line of text.trimEnd().split('\n')) this.say(line)
        resolve({ code, text })
      })
    })
  }

  /** Runs a command again until its outcome is as wanted; the last one either way. */
  async until(words: readonly string[], isWanted: (outcome: Outcome) => boolean): Promise<Outcome> {
    this.typed(words)
    const end = Date.now() + PATIENCE_MS
    let outcome = await this.run(words, { shown: false })
    while (!isWanted(outcome) && Date.now() < end) {
      await pause(POLL_MS)
      outcome = await this.run(words, { shown: false })
    }
    for (const line of outcome.text.trimEnd().split('\n').slice(0, 6)) this.say(line)
    return outcome
  }

  claim(claim: string, isTrue: boolean, seen: string): void {
    this.claims.push({ claim, isTrue, seen: seen.trim().split('\n')[0] ?? '' })
    console.log(`   ${isTrue ? green('✓') : red('✗')} ${claim}`)
  }

  /** Ends all programs, the last started first; the folder goes too. */
  async end(): Promise<void> {
    this.#isOver = true
    for (const name of [...this.#running.keys()].reverse()) await this.stop(name, 'SIGTERM')
    rmSync(this.dir, { recursive: true, force: true })
  }

  summary(): boolean {
    console.log(`\n${bold('What was claimed')}`)
    for (const { claim, isTrue, seen } of this.claims) {
      console.log(`  ${isTrue ? green('✓') : red('✗')} ${claim.padEnd(74)} ${dim(seen.slice(0, 60))}`)
    }
    return this.claims.every(one => one.isTrue)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

const isTerminal = process.stdout.isTTY === true
const bold = (text: string): string => paint(1, text)
const dim = (text: string): string => paint(2, text)
const red = (text: string): string => paint(31, text)
const green = (text: string): string => paint(32, text)

function paint(code: number, text: string): string {
  return isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
