/** How many finished runs a data directory or database keeps, and for how long. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TimeText from "@privx-kit/settings/TimeText"
import { type Bound, Retention } from "@privx-kit/runs/Retention"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import type { Host } from "@privx-kit/settings/Settings"
import { SettingsError } from "@privx-kit/settings/SettingsError"

/** The requested retention. An invalid text fails and removes nothing. */
export const resolve = ({
  environment
}: Pick<Host, "environment">): Effect.Effect<Bound | undefined, SettingsError> => {
  const { name } = Catalogue.ownEnvironment.keepRuns
  const text = environment[name]?.trim() ?? ""
  if (text === "") return Effect.undefined
  const bound = parse(text)
  return bound === undefined
    ? Effect.fail(
        new SettingsError({
          problems: [
            {
              setting: "number of kept runs",
              problem: `(${name}) is ${JSON.stringify(text)}, which is not a number, an age or "all"`,
              fix: `Set ${name} to a number like 10000, an age like 90d, both (10000 90d), or all.`
            }
          ],
          looked: ["environment"]
        })
      )
    : Effect.succeed(bound)
}

/** `10000`, `90d`, both, or `all`. */
const parse = (text: string): Bound | undefined => {
  if (text === "all") return {}
  let keep: number | undefined
  let olderThan: Duration.Duration | undefined
  for (const word of text.split(/[\s,]+/)) {
    const age = Option.getOrUndefined(TimeText.span(word))
    if (age !== undefined && olderThan === undefined) olderThan = age
    else if (/^\d{1,9}$/.test(word) && keep === undefined) keep = Number(word)
    else return undefined
  }
  return { ...(keep === undefined ? undefined : { keep }), ...(olderThan === undefined ? undefined : { olderThan }) }
}

/** The retention for the process that prunes runs. */
export const layer = (bound: Bound | undefined): Layer.Layer<never> =>
  bound === undefined ? Layer.empty : Layer.succeed(Retention, bound)
