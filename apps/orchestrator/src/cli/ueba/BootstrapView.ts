/** The view of a bootstrap: its result, or its plan. */
import * as Effect from "effect/Effect"
import type { BootstrapPlan, Change } from "../../bootstrap/BootstrapPlan.ts"
import type { BootstrapResult } from "../../bootstrap/BootstrapRun.ts"
import type { Pane } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"

export const show = Effect.fnUntraced(function* (result: BootstrapResult, out: Pane) {
  const { green, sign } = out.style
  const { changed, connections, dataset, previous, setup, until } = result
  const done =
    until === "confirm" ? "UEBA analyzes connections" : `The bootstrap ended after the step ${until}, as asked`
  yield* out.line()
  yield* out.line(`${green(sign.ok)} ${done}.${changed ? "" : " Nothing was changed."}`)
  const rows: ReadonlyArray<readonly [string, string | undefined]> = [
    ["Address", result.configuration.address],
    ["Script", setup === undefined ? undefined : (setup.delivered ?? setup.artifact)],
    ["SHA-256", setup?.sha256],
    ["Connections", connections === undefined ? undefined : Text.grouped(connections)],
    ["Dataset", dataset?.id],
    ["Before", previous],
    ["Run", result.runId]
  ]
  for (const [name, value] of rows) if (value !== undefined) yield* out.line(`  ${Text.padEnd(name, 11)}  ${value}`)
})

export const showPlan = Effect.fnUntraced(function* ({ changes, obstacles }: BootstrapPlan, out: Pane) {
  const { dim, green, red, sign, yellow } = out.style
  for (const change of changes) {
    const mark = change.changes ? yellow("~") : dim(" ")
    yield* out.line(`${mark} ${Text.padEnd(change.subject, 14)}  ${textOf(change, sign.arrow)}`)
  }
  yield* out.line()
  for (const obstacle of obstacles) yield* out.line(`${red(sign.failed)} It would stop: ${obstacle}.`)
  const count = changes.filter(({ changes }) => changes).length
  yield* out.line(
    count === 0
      ? `${green(sign.ok)} Nothing would change.`
      : `${count} ${count === 1 ? "thing" : "things"} would change. Nothing was sent.`
  )
})

const textOf = ({ after, before, changes }: Change, arrow: string): string =>
  before === undefined
    ? after
    : changes
      ? `${before} ${arrow} ${after}`
      : before === after
        ? before
        : `${before} (${after})`
