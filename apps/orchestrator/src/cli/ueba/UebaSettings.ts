/** Shows or changes the handling of anomalies. */
import type { AnomalySettings, KnownAction } from "@privx-kit/ueba/AnomalySettings"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import type { Call } from "../DomainCommand.ts"
import { UsageError } from "../UsageError.ts"
import { withUeba } from "./UebaClient.ts"

interface Input {
  readonly action: KnownAction | undefined
  readonly threshold: number | undefined
}

interface Result extends AnomalySettings {
  /** Whether the settings were sent; absent if no change was requested. */
  readonly changed?: boolean
}

export const settings: Call<Input, Result> = {
  run: (input) => withUeba(work(input)),
  toPerson: Effect.fnUntraced(function* ({ action, changed, threshold }, out) {
    if (changed !== undefined) {
      const { green, sign } = out.style
      yield* out.line(
        `${green(sign.ok)} ${changed ? "The settings are changed." : "Nothing differs; nothing was sent."}`
      )
    }
    yield* out.line(`  Action     ${action ?? "unknown"}`)
    yield* out.line(`  Threshold  ${threshold ?? "unknown"}`)
  })
}

const isKnown = (action: string | undefined): action is KnownAction => action === "BLOCK" || action === "AUDIT"

const work = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Result, PrivxFailure | UsageError, Ueba> {
  const ueba = yield* Ueba
  const now = yield* ueba.anomalySettings
  if (input.action === undefined && input.threshold === undefined) return now
  const action = input.action ?? now.action
  const threshold = input.threshold ?? now.threshold
  // PrivX requires both values.
  if (!isKnown(action) || threshold === undefined) {
    const flag = isKnown(action) ? "--threshold" : "--action"
    return yield* new UsageError({
      command: "privx-kit ueba settings",
      problems: [`PrivX has no current value for it: add ${flag}.`]
    })
  }
  if (action === now.action && threshold === now.threshold) return { ...now, changed: false }
  yield* ueba.setAnomalySettings({ action, threshold })
  return { ...(yield* ueba.anomalySettings), changed: true }
})
