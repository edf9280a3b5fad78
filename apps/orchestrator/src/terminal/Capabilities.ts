/**
 * What a stream can show: colour, animation, characters beyond ASCII. Decided per stream, because standard output is
 * often a file or a pipe while standard error is the terminal.
 */

export interface Capabilities {
  readonly color: boolean
  /** Whether a line may be drawn over. */
  readonly animation: boolean
  readonly unicode: boolean
}

export interface Environment {
  readonly [name: string]: string | undefined
}

/**
 * - Colour: on a terminal. `NO_COLOR` (any value) turns it off, `FORCE_COLOR` (except `0` and `false`) turns it on elsewhere,
 *   and `--color` or `--no-color` goes before both.
 * - Animation: on a terminal that is not `TERM=dumb`, and not under `CI`, whose logs keep every frame.
 * - Unicode: where the locale says UTF-8.
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
  const byEnvironment = !given(environment["NO_COLOR"]) && (on(environment["FORCE_COLOR"]) || (isTerminal && !dumb))
  return {
    color: options.color ?? byEnvironment,
    animation: isTerminal && !dumb && !on(environment["CI"]),
    unicode: options.platform === "win32" || options.platform === "darwin" || /utf-?8/i.test(locale(environment))
  }
}

const given = (value: string | undefined): boolean => value !== undefined && value !== ""

const on = (value: string | undefined): boolean => given(value) && value !== "0" && value?.toLowerCase() !== "false"

/** The first of the three that is set counts, as POSIX has it. */
const locale = (environment: Environment): string =>
  [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].find(given) ?? ""
