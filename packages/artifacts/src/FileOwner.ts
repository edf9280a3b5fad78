/**
 * The owner of a delivered script: `user` or `user:group`, as names or numbers.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import type { Owner } from "./Manifest.ts"

/**
 * Looks up the owner of a delivered script: `user` or `user:group`, as names or numbers.
 *
 * **Details**: without a group, the group of the account. `getent` also knows the accounts of directory services.
 *
 * **Errors**: a short text that says what is wrong, as the rest of a sentence.
 *
 * @example
 * ```ts
 * import * as FileOwner from "@privx-kit/artifacts/FileOwner"
 *
 * export const owner = FileOwner.resolve("root:root")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = Effect.fn("Owner.resolve")(function* (
  text: string
): Effect.fn.Return<typeof Owner.Type, string> {
  const [, user, group] = /^([\w.-]+\$?)(?::([\w.-]+\$?))?$/.exec(text) ?? []
  if (user === undefined) return yield* Effect.fail("is not user or user:group")
  // passwd: name:password:uid:gid:…; group: name:password:gid:…
  const account = yield* entry("passwd", user)
  const uid = numberIn(account, 2) ?? asNumber(user)
  if (uid === undefined) return yield* Effect.fail(`names ${user}, but this system has no such account`)
  const gid =
    group === undefined ? numberIn(account, 3) : (numberIn(yield* entry("group", group), 2) ?? asNumber(group))
  if (gid === undefined) {
    return yield* Effect.fail(
      group === undefined
        ? "needs a group: the account is not known here"
        : `names ${group}, but this system has no such group`
    )
  }
  return { uid, gid, name: text }
})

/** `getent` also knows accounts of directory services; `undefined` if it, or the entry, is missing. */
const entry = (database: "passwd" | "group", key: string): Effect.Effect<ReadonlyArray<string> | undefined> =>
  Effect.callback((resume) => {
    execFile("getent", [database, key], { timeout: 10_000 }, (error, stdout) => {
      resume(Effect.succeed(error === null ? stdout.split("\n", 1)[0]?.split(":") : undefined))
    })
  })

const numberIn = (fields: ReadonlyArray<string> | undefined, index: number): number | undefined =>
  fields === undefined ? undefined : asNumber(fields[index] ?? "")

const asNumber = (text: string): number | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 - 1 ? Number(text) : undefined
