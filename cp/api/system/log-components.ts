/**
 * The parts of the control plane as its log names them, each with a level that can be changed while it runs; a restart
 * brings back the setting.
 */
import type { Logger } from '#base/log.ts'

/** Kuma's words, and all of ours; `off` is `silent`. */
export const COMPONENT_LEVELS = ['off', 'trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type ComponentLevel = (typeof COMPONENT_LEVELS)[number]

export class LogComponents {
  readonly #root: Logger
  readonly #loggers = new Map<string, Logger>()
  readonly #changed = new Map<string, ComponentLevel>()

  constructor(root: Logger) {
    this.#root = root
  }

  /** The logger of a part, one for each name. One that is derived from it keeps the level of that moment. */
  logger(name: string): Logger {
    const logger = this.#loggers.get(name) ?? this.#root.child({ component: name })
    this.#loggers.set(name, logger)
    return logger
  }

  get names(): readonly string[] {
    return [...this.#loggers.keys()].sort()
  }

  /** Of those that are not as the setting says. */
  changed(): Readonly<Record<string, ComponentLevel>> {
    return Object.fromEntries(this.#changed)
  }

  /** `names`: of `names`. It is logged whatever their levels are. */
  set(names: readonly string[], level: ComponentLevel): void {
    for (const name of names) {
      this.logger(name).level = level === 'off' ? 'silent' : level
      this.#changed.set(name, level)
    }
    this.#root.info({ components: names, to: level }, 'log level changed')
  }

  /** `names`: of `names`. */
  reset(names: readonly string[]): void {
    for (const name of names) {
      this.logger(name).level = this.#root.level
      this.#changed.delete(name)
    }
    this.#root.info({ components: names, to: this.#root.level }, 'log level changed')
  }
}
