/** The keep-alive of one playback connection as a kind of run: its inputs, result and failures. */
import { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as DurableRun from "@privx-kit/runs/DurableRun"
import * as Schema from "effect/Schema"

/** The `kind` of these runs. */
export const kind = "playback-keep-alive"

const Millis = Schema.Int.check(Schema.isGreaterThan(0))

export const KeepAliveInputs = Schema.Struct({
  /** The id of the session, sealed; see `SessionSeal`. */
  sealed: Schema.String,
  /** The duration of the keep-alive in milliseconds. If absent, it lasts until the session ends. */
  time: Schema.optionalKey(Millis),
  /** The lifetime of a token if the server does not send one, in milliseconds. */
  tokenLifetime: Schema.optionalKey(Millis)
})

export type KeepAliveInputs = typeof KeepAliveInputs.Type

export const KeepAliveResult = Schema.Struct({
  runId: Schema.String,
  /** Why it ended. */
  ended: Schema.Literals(["sessionEnded", "timeIsOver"]),
  /** The number of successful re-authentications, in all processes together. */
  count: Schema.Int
})

export type KeepAliveResult = typeof KeepAliveResult.Type

export const KeepAliveRun = DurableRun.make({
  name: kind,
  title: "Playback keep-alive",
  workflow: "PlaybackKeepAlive",
  steps: [{ name: "keep-alive", title: "Keep the session authenticated" }],
  inputs: KeepAliveInputs,
  result: KeepAliveResult,
  failure: PrivxFailure,
  // The run waits nearly all of its time.
  coordinates: true
})
