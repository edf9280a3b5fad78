/**
 * What a stream can show: colour, animation, characters beyond ASCII. Each stream has its own, because standard output is
 * often a file or a pipe while standard error is the terminal.
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
 * - Colour: on at a terminal. `NO_COLOR` (any value) turns it off; `FORCE_COLOR` turns it on elsewhere, and with `0` or `false`
 *   turns it off. `--color` and `--no-color` take precedence.
 * - Animation: at a terminal that is not `TERM=dumb`, and not under `CI`, whose logs keep every frame.
 * - Unicode: if the locale is a UTF-8 one.
 */
export const detect = (options: {
  readonly isTerminal: boolean
  readonly environment: Environment
  readonly platform: NodeJS.Platform
  /** What `--color` or `--no-color` said. */
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

/** POSIX: the first of the three that is set counts. */
const locale = (environment: Environment): string =>
  [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].find(given) ?? ""
