/** Parses and formats the text form of a fault. `Fault` documents the grammar. */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { FaultAction, type RetryAfter } from "../FaultAction.ts"
import type { Fault } from "./faultModel.ts"

interface Problem {
  readonly fragment: string
  readonly problem: string
}

type Parsed<A> = Result.Result<A, Problem>

const problem = (fragment: string, problem: string): Parsed<never> => Result.fail({ fragment, problem })

// ---------------------------------------------------------------------------------------------------------------------
// parsing //
// ---------------------------------------------------------------------------------------------------------------------

export const parse = (text: string): Parsed<Fault> =>
  Result.gen(function* () {
    const colon = text.indexOf(":")
    if (colon < 0) return yield* problem(text, "there is no colon between operation and action")
    const operation = text.slice(0, colon)
    if (!/^(\*|[A-Za-z][A-Za-z0-9_.-]*)$/.test(operation)) {
      return yield* problem(operation, 'an operation is "*" or a name such as createSession')
    }
    const [head = "", ...rest] = text.slice(colon + 1).split(",")
    const [, form = "", occurrences = ""] = /^(.*?)((?:[*%+][^*%+]*)*)$/s.exec(head) ?? []
    const modifiers = yield* Modifiers.parse(rest)
    const action = yield* parseAction(form, modifiers)
    const occurrence = yield* parseOccurrence(occurrences)
    const seed = yield* modifiers.take("seed", (value) => integer(value, "a seed", 0, 2 ** 32 - 1))
    yield* modifiers.nothingLeft(form)
    return { operation, action, ...occurrence, ...(seed === undefined ? undefined : { seed }) }
  })

const parseOccurrence = (text: string): Parsed<Pick<Fault, "times" | "skip" | "percent">> =>
  Result.gen(function* () {
    const found: { times?: number; skip?: number; percent?: number } = {}
    for (const token of text.match(/[*%+][^*%+]*/g) ?? []) {
      const { name, label, maximum } = occurrenceOf(token)
      if (found[name] !== undefined) return yield* problem(token, `${label} is given twice`)
      found[name] = yield* integer(token.slice(1), label, 1, maximum, token)
    }
    return found
  })

const occurrenceOf = (token: string) =>
  token.startsWith("*")
    ? ({ name: "times", label: "a number of times", maximum: 2 ** 31 - 1 } as const)
    : token.startsWith("%")
      ? ({ name: "percent", label: "a percentage", maximum: 100 } as const)
      : ({ name: "skip", label: "a number of matches to skip", maximum: 2 ** 31 - 1 } as const)

/** The modifiers of a fault. The action takes those that it supports; the remaining ones are errors. */
class Modifiers {
  readonly #values: Map<string, string>

  private constructor(values: Map<string, string>) {
    this.#values = values
  }

  static parse(texts: ReadonlyArray<string>): Parsed<Modifiers> {
    const values = new Map<string, string>()
    for (const text of texts) {
      const equals = text.indexOf("=")
      if (equals < 0) return problem(text, "a modifier is NAME=VALUE")
      const name = text.slice(0, equals)
      if (values.has(name)) return problem(text, `"${name}" is given twice`)
      const value = unescape(text.slice(equals + 1))
      if (value === undefined) return problem(text, 'a literal "%" is written %25')
      values.set(name, value)
    }
    return Result.succeed(new Modifiers(values))
  }

  take<A>(name: string, read: (value: string) => Parsed<A>): Parsed<A | undefined> {
    const value = this.#values.get(name)
    if (value === undefined) return Result.succeed(undefined)
    this.#values.delete(name)
    return Result.mapError(read(value), (failure) => ({ ...failure, fragment: `${name}=${value}` }))
  }

  /** The given optional fields of an action. */
  takeAll<Fields extends Record<string, (value: string) => Parsed<unknown>>>(
    fields: Fields
  ): Parsed<{ readonly [K in keyof Fields & string as Camel<K>]?: Taken<Fields[K]> }>
  takeAll(fields: Record<string, (value: string) => Parsed<unknown>>): Parsed<Record<string, unknown>> {
    const taken: Record<string, unknown> = {}
    for (const [name, read] of Object.entries(fields)) {
      const value = this.take(name, read)
      if (Result.isFailure(value)) return Result.fail(value.failure)
      if (value.success !== undefined) taken[name === "retry-after" ? "retryAfter" : name] = value.success
    }
    return Result.succeed(taken)
  }

  nothingLeft(form: string): Parsed<void> {
    const [name] = this.#values.keys()
    return name === undefined ? Result.void : problem(name, `"${name}" does not go with "${form}"`)
  }
}

type Camel<Name extends string> = Name extends "retry-after" ? "retryAfter" : Name
type Taken<Read> = Read extends (value: string) => Parsed<infer A> ? A : never

const text = (value: string): Parsed<string> => Result.succeed(value)

const integer = (value: string, label: string, minimum: number, maximum: number, fragment = value): Parsed<number> => {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  return number >= minimum && number <= maximum
    ? Result.succeed(number)
    : problem(fragment, `${label} is a whole number from ${minimum} to ${maximum}`)
}

const status = (value: string): Parsed<number> => integer(value, "a status", 200, 599)

const bytes = (value: string, minimum = 0): Parsed<number> => integer(value, "a number of bytes", minimum, 2 ** 32)

const units = { ms: 1, s: 1_000, m: 60_000 }

const duration = (value: string): Parsed<Duration.Duration> => {
  const [, digits = "", unit] = /^(\d{1,8})(ms|s|m)$/.exec(value) ?? []
  const millis = digits === "" ? Number.NaN : Number(digits) * units[unit as keyof typeof units]
  return millis <= 86_400_000
    ? Result.succeed(Duration.millis(millis))
    : problem(value, "a duration is 50ms, 2s or 1m, at most a day")
}

const retryAfter = (value: string): Parsed<RetryAfter> => {
  const ahead = value.startsWith("date+")
  const seconds = integer(ahead ? value.slice(5) : value, "a number of seconds, or date+ and one,", 0, 86_400)
  return Result.map(seconds, (seconds) => ({ form: ahead ? "date" : "seconds", seconds }))
}

const json = <A>(schema: Schema.Decoder<A>, label: string) => {
  const decode = Schema.decodeUnknownResult(Schema.fromJsonString(schema))
  return (value: string): Parsed<A> =>
    Result.mapError(decode(value), () => ({ fragment: value, problem: `${label} is not what stands there` }))
}

const details = json(FaultAction.cases.Error.fields.details.schema, "a JSON array of error bodies")

const anyJson = json(Schema.Json, "JSON")

const location = (value: string): Parsed<string> =>
  /^[\x21-\x7e]+$/.test(value)
    ? Result.succeed(value)
    : problem(value, "a location consists of visible ASCII characters")

/** One form of an action: its pattern and its parser. */
interface Form {
  readonly pattern: RegExp
  readonly read: (parts: ReadonlyArray<string | undefined>, modifiers: Modifiers) => Parsed<FaultAction>
}

const forms: ReadonlyArray<Form> = [
  {
    pattern: /^(\d+)(?:\/([\w.-]+))?$/,
    read: ([given = "", simple], modifiers) =>
      Result.gen(function* () {
        const code = (yield* modifiers.take("code", text)) ?? simple
        if (code === undefined) {
          return yield* problem(
            given,
            `a code is missing, as in ${given}/MAX_LOAD; without a body it is empty/${given}`
          )
        }
        const fields = { message: text, property: text, details, "retry-after": retryAfter }
        return { _tag: "Error", status: yield* status(given), code, ...(yield* modifiers.takeAll(fields)) }
      })
  },
  {
    pattern: /^empty\/(.*)$/,
    read: ([given = ""], modifiers) =>
      Result.gen(function* () {
        const fields = yield* modifiers.takeAll({ "retry-after": retryAfter })
        return { _tag: "Empty", status: yield* status(given), ...fields }
      })
  },
  {
    pattern: /^html\/(.*)$/,
    read: ([given = ""], modifiers) =>
      Result.gen(function* () {
        const fields = yield* modifiers.takeAll({ body: text, "retry-after": retryAfter })
        return { _tag: "Html", status: yield* status(given), ...fields }
      })
  },
  {
    pattern: /^malformed\/(.*)$/,
    read: ([given = ""]) => Result.map(status(given), (status) => ({ _tag: "Malformed", status }))
  },
  {
    pattern: /^json\/(.*)$/,
    read: ([given = ""], modifiers) =>
      Result.gen(function* () {
        const body = yield* modifiers.take("body", anyJson)
        const fields = yield* modifiers.takeAll({ "retry-after": retryAfter })
        return { _tag: "Json", status: yield* status(given), body: body === undefined ? otherShape : body, ...fields }
      })
  },
  {
    pattern: /^redirect\/(.*)$/,
    read: ([given = ""], modifiers) =>
      Result.gen(function* () {
        const status = FaultAction.cases.Redirect.fields.status.literals.find((status) => String(status) === given)
        if (status === undefined) return yield* problem(given, "a redirect has status 301, 302, 303, 307 or 308")
        const to = yield* modifiers.take("location", location)
        if (to === undefined) return yield* problem(`redirect/${given}`, "location=URI is missing")
        return { _tag: "Redirect", status, location: to }
      })
  },
  {
    pattern: /^delay=(.*)$/,
    read: ([given = ""]) => Result.map(duration(given), (by) => ({ _tag: "Delay", by }))
  },
  {
    pattern: /^(stall|reset|close)(?:@(.*))?$/,
    read: ([word, given]) => {
      const _tag = word === "stall" ? "Stall" : word === "reset" ? "Reset" : "CloseDelimited"
      return given === undefined ? Result.succeed({ _tag }) : Result.map(bytes(given), (after) => ({ _tag, after }))
    }
  },
  {
    pattern: /^truncate(-chunked)?@(.*)$/,
    read: ([chunked, given = ""]) =>
      Result.map(bytes(given), (after) => ({
        _tag: "Truncate",
        after,
        framing: chunked === undefined ? "length" : "chunked"
      }))
  },
  {
    pattern: /^(shorter|longer)=(.*)$/,
    read: ([word, given = ""]) =>
      Result.map(bytes(given, 1), (by) => ({ _tag: "WrongLength", by: word === "longer" ? by : -by }))
  },
  {
    pattern: /^slow=([^/]*)\/(.*)$/,
    read: ([portion = "", pause = ""]) =>
      Result.gen(function* () {
        return { _tag: "Slow", bytes: yield* bytes(portion, 1), every: yield* duration(pause) }
      })
  }
]

const otherShape: Schema.Json = { message: "upstream unavailable" }

const parseAction = (form: string, modifiers: Modifiers): Parsed<FaultAction> => {
  for (const { pattern, read } of forms) {
    const match = pattern.exec(form)
    if (match !== null) return read(match.slice(1), modifiers)
  }
  return problem(
    form,
    "an action is STATUS/CODE, empty/, html/, malformed/, json/ or redirect/ and a status, delay=, stall, reset, " +
      "truncate@, truncate-chunked@, shorter=, longer=, slow= or close"
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// writing
// ---------------------------------------------------------------------------------------------------------------------

export const format = (fault: Fault): string => {
  const [form, modifiers] = formatAction(fault.action)
  const occurrence =
    (fault.times === undefined ? "" : `*${fault.times}`) +
    (fault.percent === undefined ? "" : `%${fault.percent}`) +
    (fault.skip === undefined ? "" : `+${fault.skip}`)
  const named = Object.entries({ ...modifiers, seed: fault.seed?.toString() })
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `,${name}=${escape(value)}`)
  return `${fault.operation}:${form}${occurrence}${named.join("")}`
}

type Formatted = readonly [form: string, modifiers?: Readonly<Record<string, string | undefined>>]

const formatAction: (action: FaultAction) => Formatted = (action) =>
  FaultAction.match(action, {
    Error: ({ status, code, message, property, details, retryAfter }): Formatted => {
      const simple = /^[\w.-]+$/.test(code)
      return [
        simple ? `${status}/${code}` : `${status}`,
        {
          code: simple ? undefined : code,
          message,
          property,
          details: details && JSON.stringify(details),
          "retry-after": formatRetryAfter(retryAfter)
        }
      ]
    },
    Empty: ({ status, retryAfter }): Formatted => [`empty/${status}`, { "retry-after": formatRetryAfter(retryAfter) }],
    Html: ({ status, body, retryAfter }): Formatted => [
      `html/${status}`,
      { body, "retry-after": formatRetryAfter(retryAfter) }
    ],
    Malformed: ({ status }): Formatted => [`malformed/${status}`],
    Json: ({ status, body, retryAfter }): Formatted => [
      `json/${status}`,
      { body: JSON.stringify(body), "retry-after": formatRetryAfter(retryAfter) }
    ],
    Redirect: ({ status, location }): Formatted => [`redirect/${status}`, { location }],
    Delay: ({ by }): Formatted => [`delay=${formatDuration(by)}`],
    Stall: ({ after }): Formatted => [`stall${formatAfter(after)}`],
    Reset: ({ after }): Formatted => [`reset${formatAfter(after)}`],
    Truncate: ({ after, framing }): Formatted => [`truncate${framing === "chunked" ? "-chunked" : ""}@${after}`],
    WrongLength: ({ by }): Formatted => [by < 0 ? `shorter=${-by}` : `longer=${by}`],
    Slow: ({ bytes, every }): Formatted => [`slow=${bytes}/${formatDuration(every)}`],
    CloseDelimited: ({ after }): Formatted => [`close${formatAfter(after)}`]
  })

const formatAfter = (after: number | undefined): string => (after === undefined ? "" : `@${after}`)

const formatRetryAfter = (retryAfter: RetryAfter | undefined): string | undefined =>
  retryAfter && `${retryAfter.form === "date" ? "date+" : ""}${retryAfter.seconds}`

const formatDuration = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  return millis % 1_000 === 0 ? `${millis / 1_000}s` : `${millis}ms`
}

// Only characters of the grammar, and those that a command line would change, are written as %XX, so that a location
// stays legible.
const escape = (value: string): string => value.replace(/[%,\p{C}\p{Z}\P{ASCII}]/gu, encodeURIComponent)

const unescape = (value: string): string | undefined => {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
