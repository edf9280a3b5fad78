/** A value that is derived from files, and derived again after a change or SIGHUP. Invalid files change nothing. */
import type * as Failure from "@privx-kit/core/Failure"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs/promises"

/** How often the files are checked for changes. */
const interval = "1 second"

/** Returns the current value; `renewed` is called with each new one. */
export const make = Effect.fnUntraced(function* <A, E extends Failure.Failure>(
  files: ReadonlyArray<string>,
  read: Effect.Effect<A, E>,
  renewed: (value: A) => Effect.Effect<void> = () => Effect.void
): Effect.fn.Return<() => A, E, Scope.Scope> {
  let current = yield* read
  let seen = yield* stamps(files)
  let asked = false
  const onSignal = () => {
    asked = true
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("SIGHUP", onSignal)),
    () => Effect.sync(() => process.off("SIGHUP", onSignal))
  )
  yield* Effect.gen(function* () {
    const now = yield* stamps(files)
    if (now === seen && !asked) return
    seen = now
    asked = false
    current = yield* read
    yield* renewed(current)
    yield* Effect.logDebug(`Read again: ${files.join(", ")}`)
  }).pipe(
    // The file may be partly written, and known callers must not be locked out meanwhile.
    Effect.catch((failure) => Effect.logWarning(`Everything stays as it was. ${failure.message}`)),
    Effect.delay(interval),
    Effect.forever,
    Effect.forkScoped
  )
  return () => current
})

const stamps = (files: ReadonlyArray<string>): Effect.Effect<string> =>
  Effect.promise(async () => (await Promise.all(files.map(stamp))).join("\n"))

const stamp = (file: string): Promise<string> =>
  fs.stat(file).then(
    ({ ctimeMs, ino, size }) => `${ino} ${size} ${ctimeMs}`,
    () => "missing"
  )
