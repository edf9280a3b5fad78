/** Validates the options of a simulator before it listens. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { SimulatorError } from "../SimulatorError.ts"

export const invalid = (detail: string): SimulatorError => new SimulatorError({ reason: "invalidOption", detail })

export const wholeNumber = (
  name: string,
  value: number,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER
): Effect.Effect<number, SimulatorError> =>
  Number.isInteger(value) && value >= minimum && value <= maximum
    ? Effect.succeed(value)
    : Effect.fail(invalid(`${name} is ${value}, but must be a whole number from ${minimum} to ${maximum}`))

/** Milliseconds. */
export const duration = (
  name: string,
  value: Duration.Input,
  minimum: "zero" | "aboveZero" = "aboveZero"
): Effect.Effect<number, SimulatorError> => {
  const millis = Option.getOrUndefined(Option.map(Duration.fromInput(value), Duration.toMillis))
  return millis !== undefined && (millis > 0 || (millis === 0 && minimum === "zero"))
    ? Effect.succeed(millis)
    : Effect.fail(invalid(`${name} is not a duration ${minimum === "zero" ? "of zero or more" : "above zero"}`))
}

/** Paths with an id must contain its placeholder. */
export const pathsWith = <Paths extends Readonly<Record<string, string | undefined>>>(
  paths: Paths,
  parameter: string,
  names: ReadonlyArray<keyof Paths & string>
): Effect.Effect<Paths, SimulatorError> => {
  const incomplete = names.find((name) => paths[name]?.includes(`:${parameter}`) === false)
  return incomplete === undefined
    ? Effect.succeed(paths)
    : Effect.fail(invalid(`the path of ${incomplete} does not contain :${parameter}`))
}
