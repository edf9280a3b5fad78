/** Waits for a condition that another fiber or process establishes. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Polls until the condition holds. */
export const eventually = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  until: (value: A) => boolean,
  atMost: Duration.Input = "20 seconds"
) =>
  effect.pipe(
    Effect.delay("5 millis"),
    Effect.repeat({ until }),
    Effect.timeoutOrElse({ duration: atMost, orElse: () => Effect.die(new Error("the condition was never met")) })
  )
