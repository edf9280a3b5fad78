/** Flags of commands that can wait for a slow operation. */
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as FlagKinds from "../flags/FlagKinds.ts"

export interface WatchInput {
  readonly watch: boolean
  readonly interval: Duration.Duration
}

export const interval = FlagKinds.time("interval", "Time between two requests of a wait (default 5s)").pipe(
  Flag.withDefault(Duration.seconds(5))
)

/** @param until the awaited condition, as in `until the training has ended` */
export const flags = (until: string) => ({
  watch: FlagKinds.toggle("watch", `Wait ${until}, and show progress`).pipe(Flag.withAlias("w")),
  interval
})
