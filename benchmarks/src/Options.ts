/** What the command line of the benchmarks understands. */
import { parseArgs } from "node:util"

export const suites = ["requests", "errors", "download", "workflows", "soak", "keep-alive"] as const
export type Suite = (typeof suites)[number]

export interface Options {
  readonly suites: ReadonlyArray<Suite>
  /** How often everything is measured; medians are reported. */
  readonly rounds: number
  /** Small sizes and short times: shows that everything runs, proves nothing about speed. */
  readonly quick: boolean
  /** Only subjects with one of these in their name; empty for all. */
  readonly only: ReadonlyArray<string>
  readonly inFlight: ReadonlyArray<number>
  /** How long one measurement of the suite `requests` or `errors` lasts, in milliseconds. */
  readonly millis: number
  /** How many bytes the suite `download` transfers. */
  readonly bytes: number
  /** Where the suite `download` writes: name and directory. */
  readonly directories: ReadonlyArray<string>
  /** Whether the suite `download` also measures how memory grows with size. */
  readonly flatness: boolean
  /** How many workflows each engine of the suite `workflows` executes in a round. */
  readonly workflows: number
  /** How many requests the suite `soak` sends. */
  readonly requests: number
  /** What the suite `soak` draws its faults from. */
  readonly seed: number
}

export const usage = `pnpm bench [options]

  --suite a,b      ${suites.join(", ")} (default: requests,errors,download)
  --rounds n       how often everything is measured; medians are reported (default 5)
  --quick          one short round: shows that everything runs, proves nothing about speed
  --only a,b       only subjects with one of these in their name
  --in-flight a,b  requests: how many at a time (default 1,32)
  --millis n       requests, errors: how long one measurement lasts (default 1000)
  --size n         download: MiB (default 1024)
  --directories a,b    download: where to write (default: /dev/shm and the directory for temporary files)
  --flatness       download: peak memory at 100 MiB, 1 GiB and 4 GiB as well
  --workflows n    workflows: how many in a round (default 2000)
  --requests n     soak: how many (default 1000000)
  --seed n         soak: what the faults are drawn from (default 1)
`

export class UsageError extends Error {}

export const parse = (args: ReadonlyArray<string>, temporary: string): Options => {
  const { values } = read(args)
  const quick = values.quick === true
  const chosen = list(values.suite ?? "requests,errors,download")
  return {
    suites: chosen.map((name) => suites.find((suite) => suite === name) ?? refuse(`there is no suite ${name}`)),
    rounds: number("rounds", values.rounds, quick ? 1 : 5),
    quick,
    only: list(values.only ?? ""),
    inFlight: list(values["in-flight"] ?? "1,32").map((text) => number("in-flight", text, 1)),
    millis: number("millis", values.millis, quick ? 200 : 1000),
    bytes: number("size", values.size, quick ? 32 : 1024) * 1024 * 1024,
    directories: list(values.directories ?? `/dev/shm,${temporary}`),
    flatness: values.flatness === true,
    workflows: number("workflows", values.workflows, quick ? 200 : 2000),
    requests: number("requests", values.requests, quick ? 10_000 : 1_000_000),
    seed: number("seed", values.seed, 1)
  }
}

const read = (args: ReadonlyArray<string>) => {
  const text = { type: "string" } as const
  const flag = { type: "boolean" } as const
  try {
    return parseArgs({
      // pnpm hands on the "--" that separates its own options from the script's.
      args: args.filter((arg) => arg !== "--"),
      options: {
        suite: text,
        rounds: text,
        quick: flag,
        only: text,
        "in-flight": text,
        millis: text,
        size: text,
        directories: text,
        flatness: flag,
        workflows: text,
        requests: text,
        seed: text
      }
    })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

const list = (text: string): ReadonlyArray<string> => text.split(",").filter((item) => item !== "")

const number = (name: string, text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise
  return /^[1-9]\d*$/.test(text) ? Number(text) : refuse(`--${name} takes a whole number above 0`)
}

const refuse = (message: string): never => {
  throw new UsageError(message)
}
