/** The kinds of flags that commands use. A flag with a value never accepts an empty one. */
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import * as DurationText from "@privx-kit/settings/DurationText"
import * as ModeText from "@privx-kit/settings/ModeText"
import * as TimeText from "@privx-kit/settings/TimeText"

/** The expected value, as the parser reports it. */
export const notEmpty = "a value that is not empty"

const isNotEmpty = [(text: string) => text !== "", () => notEmpty] as const

const named = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description))

/** A required text. */
export const required = (name: string, metavar: string, description: string) =>
  named(name, metavar, description).pipe(Flag.filter(...isNotEmpty))

export const text = (name: string, metavar: string, description: string) =>
  required(name, metavar, description).pipe(Flag.optional)

/** A repeatable flag. */
export const texts = (name: string, metavar: string, description: string) =>
  required(name, metavar, description).pipe(Flag.atLeast(0))

export const toggle = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDescription(description), Flag.withDefault(false))

export const json = toggle("json", "Print one JSON document instead of text")

/** Format of a list; `--json` is short for `--output json`. */
export const output = Flag.Literals("output", ["table", "json", "yaml"]).pipe(
  Flag.withMetavar("FORMAT"),
  Flag.withDescription("Format of the list: table (default), json or yaml"),
  Flag.optional
)

export type Output = "table" | "json" | "yaml"

/** A duration that a timer can wait. */
export const time = (name: string, description: string) =>
  named(name, "TIME", description).pipe(Flag.filterMap(DurationText.parse, () => "a time like 500ms, 30s, 2m or 1h"))

/** A duration of up to several years. */
export const age = (name: string, description: string) =>
  named(name, "TIME", description).pipe(
    Flag.filterMap(TimeText.span, () => "a time like 12h, 30d or 52w"),
    Flag.optional
  )

export const mode = (description: string) =>
  named("mode", "MODE", description).pipe(
    Flag.filterMap(ModeText.parse, () => ModeText.expected),
    Flag.optional
  )

export const positive = (name: string, description: string) =>
  Flag.Int(name).pipe(
    Flag.withMetavar("N"),
    Flag.withDescription(description),
    Flag.filter(
      (count) => count > 0,
      () => "a number above 0"
    )
  )

export const count = (name: string, description: string) =>
  Flag.Int(name).pipe(
    Flag.withMetavar("N"),
    Flag.withDescription(description),
    Flag.filter(
      (count) => count >= 0,
      () => "a number, 0 or more"
    )
  )

export const argument = (name: string, description: string) =>
  Argument.String(name).pipe(Argument.withDescription(description), Argument.filter(...isNotEmpty))

export const run = argument("RUN", "Id of the run, or a unique prefix of it")
