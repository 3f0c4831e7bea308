/**
 * What is done to the endpoints of a mesh under chaos, at random: applications misbehave, data planes are killed, stopped
 * and restarted. Never more than `MOST_HARMED` of them at a time, so that each call finds a healthy one.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '#base/errors.ts'
import type { Lab, Running } from '../../support/lab.ts'
import type { Behaviour, Misbehaving } from '../../support/misbehaving.ts'
import type { Diary } from './diary.ts'

/** A data plane with the applications behind it. */
export interface Plane {
  readonly name: string
  readonly networking: object
  readonly apps: readonly Misbehaving[]
  running: Running
}

/** Of 20: fewer than a call has tries, for each try is at another endpoint. */
export const MOST_HARMED = 6
/** Of the deeds. */
const PLANE_SHARE = 0.25
const WELL: Behaviour = { do: 'ok', echo: true }

/** For gRPC, whose retries look at nothing else. */
const UNAVAILABLE = { 'grpc-status': '14' }

const EVIL: readonly Behaviour[] = [
  { do: 'refuse' },
  { do: 'deaf' },
  { do: 'half-open' },
  { do: 'hang' },
  { do: 'reset', at: 'connect' },
  { do: 'reset', at: 'head' },
  { do: 'reset' },
  sometimes(20, { do: 'reset', at: 'answer' }),
  sometimes(20, { do: 'reset', at: 'body' }),
  { do: 'close' },
  sometimes(20, { do: 'close', at: 'body' }),
  { do: 'status', status: 500, headers: UNAVAILABLE },
  { do: 'status', status: 503, headers: { ...UNAVAILABLE, 'retry-after': '1' }, early: true },
  { do: 'slow', headMs: 1000, echo: true },
  { do: 'slow', headMs: 30, echo: true },
  sometimes(50, { do: 'status', status: 502, headers: UNAVAILABLE }),
  sometimes(30, { do: 'reset' }),
]

function sometimes(percent: number, as: Behaviour): Behaviour {
  return {
    do: 'mix',
    parts: [
      { percent, as },
      { percent: 100, as: WELL },
    ],
  }
}

export class Deeds {
  readonly #lab: Lab
  readonly #planes: readonly Plane[]
  readonly #diary: Diary
  readonly #random: () => number
  /** Planes and applications to which something is being done. */
  readonly #busy = new Set<Plane | Misbehaving>()
  readonly #running = new Set<Promise<void>>()
  readonly count = new Map<string, number>()
  /** Of deeds that could not be done, such as a data plane that did not start again. */
  readonly faults: string[] = []

  constructor(lab: Lab, planes: readonly Plane[], diary: Diary, random: () => number) {
    this.#lab = lab
    this.#planes = planes
    this.#diary = diary
    this.#random = random
  }

  /** Begins one; returns at once. One that would harm too many is left out. */
  begin(): void {
    const plane = this.#one(this.#planes)
    if (this.#random() < PLANE_SHARE) {
      const deed = this.#one([kill, stop, leave])
      if (this.#canHarm(plane.apps) && !this.#busy.has(plane)) this.#follow(plane, plane.apps, deed)
      return
    }
    const app = this.#one(plane.apps)
    const behaviour = this.#one(EVIL)
    if (this.#canHarm([app])) this.#follow(app, [app], this.#misbehave(app, behaviour))
  }

  /** Resolves when all is well again. */
  async end(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #harmed(): Set<Misbehaving> {
    return new Set([...this.#busy].flatMap(one => ('apps' in one ? one.apps : one)))
  }

  #canHarm(apps: readonly Misbehaving[]): boolean {
    const harmed = this.#harmed()
    return !apps.some(app => harmed.has(app)) && harmed.size + apps.length <= MOST_HARMED
  }

  #follow(what: Plane | Misbehaving, apps: readonly Misbehaving[], deed: Deed): void {
    const { name, work, isGentle = false } = deed
    const text = `${name} ${what.name}`
    const names = isGentle ? [] : apps.map(app => app.name)
    this.count.set(name, (this.count.get(name) ?? 0) + 1)
    this.#busy.add(what)
    this.#diary.note(text)
    this.#diary.harm(names)
    const running = work(what, this.#lab, 400 + this.#random() * 1100)
      .then(() => {
        this.#diary.note(`${text}: over`)
        this.#diary.heal(names)
        // Those who were told of it need a moment to find out.
        return pause(300)
      })
      .catch((error: unknown) => {
        this.faults.push(`${text}: ${messageOf(error)}`)
      })
      .finally(() => {
        this.#busy.delete(what)
        this.#running.delete(running)
      })
    this.#running.add(running)
  }

  #misbehave(app: Misbehaving, behaviour: Behaviour): Deed {
    return {
      name: JSON.stringify(behaviour),
      async work(_what, _lab, forMs) {
        await app.tell(behaviour)
        await pause(forMs)
        await app.tell(WELL)
      },
    }
  }

  #one<T>(all: readonly T[]): T {
    const one = all[Math.floor(this.#random() * all.length)]
    if (one === undefined) throw new RangeError('nothing to choose from')
    return one
  }
}

interface Deed {
  readonly name: string
  /** No call may fail by it, begun or not. */
  readonly isGentle?: boolean
  work(what: Plane | Misbehaving, lab: Lab, forMs: number): Promise<void>
}

const kill: Deed = {
  name: 'SIGKILL',
  async work(what, lab, forMs) {
    if (!('apps' in what)) return
    await what.running.stop('SIGKILL')
    await pause(forMs / 2)
    what.running = await startAgain(what, lab)
  },
}

function startAgain({ name, networking }: Plane, lab: Lab): Promise<Running> {
  return lab.startDataPlane({ name, networking })
}

/** Its connections stay and nobody reads: half-open. */
const stop: Deed = {
  name: 'SIGSTOP',
  async work(what, _lab, forMs) {
    if (!('apps' in what)) return
    what.running.child.kill('SIGSTOP')
    await pause(forMs)
    what.running.child.kill('SIGCONT')
  },
}

const leave: Deed = {
  name: 'SIGTERM',
  isGentle: true,
  async work(what, lab) {
    if (!('apps' in what)) return
    await what.running.stop('SIGTERM')
    what.running = await startAgain(what, lab)
  },
}

/** Applications answer with the body of the request. */
export function behaveWell(planes: readonly Plane[]): Promise<unknown> {
  return Promise.all(planes.flatMap(({ apps }) => apps.map(app => app.tell(WELL))))
}
