/** How a problem of the settings is written. Imports nothing, so that the command line can load it at its start. */

interface Text {
  readonly setting: string
  readonly problem: string
  readonly at?: { readonly path: string; readonly line: number; readonly column: number }
}

/** The beginning of a sentence about a problem: `the base URL`, or `fleet.yaml:4:4: hosts[0].name`, as compilers write it. */
export const subject = ({ at, setting }: Omit<Text, "problem">): string =>
  at === undefined ? `the ${setting}` : `${at.path}:${at.line}:${at.column}: ${setting}`

/** A problem as a sentence. */
export const sentence = (problem: Text): string => {
  const text = `${subject(problem)} ${problem.problem}.`
  return problem.at === undefined ? `T${text.slice(1)}` : text
}
