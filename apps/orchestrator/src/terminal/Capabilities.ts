/**
 * The capabilities of a stream: color, animation, non-ASCII characters. They are determined for each stream, because
 * standard output is often a file or a pipe while standard error is the terminal.
 */

export interface Capabilities {
  readonly color: boolean
  /** Whether a line may be redrawn in place. */
  readonly animation: boolean
  readonly unicode: boolean
}

export interface Environment {
  readonly [name: string]: string | undefined
}

/**
 * - Color: enabled on a terminal. `NO_COLOR` (any value) disables it. `FORCE_COLOR` enables it elsewhere, and with `0` or
 * `false` disables it. `--color` and `--no-color` take precedence.
 * - Animation: enabled on a terminal, except with `TERM=dumb` and under `CI`, whose logs keep every frame.
 * - Unicode: enabled if the locale uses UTF-8.
 */
export const detect = (options: {
  readonly isTerminal: boolean
  readonly environment: Environment
  readonly platform: NodeJS.Platform
  /** The value of `--color` or `--no-color`. */
  readonly color: boolean | undefined
}): Capabilities => {
  const { environment, isTerminal } = options
  const dumb = environment["TERM"] === "dumb"
  const forced = environment["FORCE_COLOR"]
  const byEnvironment = !given(environment["NO_COLOR"]) && (given(forced) ? on(forced) : isTerminal && !dumb)
  return {
    color: options.color ?? byEnvironment,
    animation: isTerminal && !dumb && !on(environment["CI"]),
    unicode: options.platform === "win32" || options.platform === "darwin" || /utf-?8/i.test(locale(environment))
  }
}

const given = (value: string | undefined): boolean => value !== undefined && value !== ""

const on = (value: string | undefined): boolean => given(value) && value !== "0" && value?.toLowerCase() !== "false"

/** POSIX: the first of the three variables that is set counts. */
const locale = (environment: Environment): string =>
  [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].find(given) ?? ""
