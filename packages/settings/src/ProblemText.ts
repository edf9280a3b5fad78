/**
 * How a problem of the settings is written. Imports nothing, so that the command line can load it at its start.
 *
 * @since 0.1.0
 */

interface Text {
  readonly setting: string
  readonly problem: string
  readonly at?: { readonly path: string; readonly line: number; readonly column: number }
}

/**
 * Writes the beginning of a sentence about a problem: `the base URL`, or `fleet.yaml:4:4: hosts[0].name`, as compilers do.
 *
 * @example
 * ```ts
 * import * as ProblemText from "@privx-kit/settings/ProblemText"
 *
 * export const subject = ProblemText.subject({ setting: "base URL" }) // the base URL
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const subject = ({ at, setting }: Omit<Text, "problem">): string =>
  at === undefined ? `the ${setting}` : `${at.path}:${at.line}:${at.column}: ${setting}`

/**
 * Writes a problem as a sentence.
 *
 * @example
 * ```ts
 * import * as ProblemText from "@privx-kit/settings/ProblemText"
 *
 * export const text = ProblemText.sentence({ setting: "base URL", problem: "is not set" }) // The base URL is not set.
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const sentence = (problem: Text): string => {
  const text = `${subject(problem)} ${problem.problem}.`
  return problem.at === undefined ? `T${text.slice(1)}` : text
}
