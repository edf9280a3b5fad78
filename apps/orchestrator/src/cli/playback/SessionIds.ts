/** Reads the ids of playback sessions. They are secrets: no message repeats one. */
import * as SessionId from "@privx-kit/core/SessionId"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { UsageError } from "../UsageError.ts"

/** Longer than any real key, so that a file that was given by mistake is refused. */
const longest = 4096

/** The problem of an id; `undefined` if it is valid. */
export const problemOf = (text: string): string | undefined =>
  text.length > longest || /[^\u0021-\u{10ffff}]|\u007f/u.test(text)
    ? "The session id is not valid: it contains spaces or line breaks, or is too long."
    : undefined

/** The schema accepts the same texts as {@link problemOf}. */
export const decode = (text: string) => Effect.orDie(Schema.decodeEffect(SessionId.PlaybackSessionId)(text))

export const readStandardInput = (command: string): Effect.Effect<string, UsageError> =>
  BoundedFile.readStream(process.stdin, "Standard input", { maxBytes: largest }).pipe(
    Effect.map((bytes) => bytes.toString("utf8")),
    Effect.mapError(
      ({ detail }) => new UsageError({ command, problems: [`Standard input cannot be read: ${detail}.`] })
    )
  )

/** In bytes; more than a thousand of the longest ids. */
const largest = 4 * 1024 * 1024

const variable = Catalogue.ownEnvironment.playbackSession.name

/** Reads the ids from the environment, otherwise from standard input. */
export const given = Effect.fnUntraced(function* (command: string) {
  const text = process.env[variable]?.trim() ?? ""
  return yield* several(
    text === "" ? yield* readStandardInput(command) : text,
    command,
    `No session id was given: set $${variable}, or pass ids on standard input, one per line.`
  )
})

/** One or more ids, separated by spaces or line breaks. Duplicates count once. */
export const several = Effect.fnUntraced(function* (
  text: string,
  command: string,
  missing: string
): Effect.fn.Return<ReadonlyArray<SessionId.PlaybackSessionId>, UsageError> {
  const ids = [...new Set(text.split(/\s+/u).filter((id) => id !== ""))]
  if (ids.length === 0) return yield* new UsageError({ command, problems: [missing] })
  const wrong = ids.findIndex((id) => problemOf(id) !== undefined)
  if (wrong !== -1) {
    const problems = [`Session id ${wrong + 1} is not valid: it is too long or contains control characters.`]
    return yield* new UsageError({ command, problems })
  }
  return yield* Effect.forEach(ids, decode)
})
