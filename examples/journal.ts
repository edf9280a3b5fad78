/** A failure goes through JSON and comes back as the same class: what a journal or a queue needs. */
import * as ApiError from "@privx-kit/core/ApiError"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

// #region codec
const codec = Schema.toCodecJson(ApiError.ApiError)
const encode = Schema.encodeEffect(codec)
const decode = Schema.decodeUnknownEffect(codec)
// #endregion

const program = Effect.gen(function* () {
  const error = ApiError.make({ code: "MAX_LOAD", details: [] }, { status: 503, operation: "Ueba.createSession" })
  const text = JSON.stringify(yield* encode(error))
  const again = yield* decode(JSON.parse(text))
  yield* Console.log(`${text}\nis a ${again._tag} again: ${again instanceof ApiError.MaxLoad}`)
})

await Effect.runPromise(program)
