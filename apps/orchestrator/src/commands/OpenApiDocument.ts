/** The OpenAPI documents, made from the very definitions that the clients use. */
import * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
import * as UebaApi from "@privx-kit/ueba/UebaApi"
import * as Effect from "effect/Effect"
import * as OpenApi from "effect/http-api/OpenApi"
import { Screen } from "../terminal/Screen.ts"

export const run = Effect.fnUntraced(function* (input: { readonly api: "ueba" | "playback" }) {
  const { out } = yield* Screen
  const document = input.api === "ueba" ? OpenApi.fromApi(UebaApi.make()) : OpenApi.fromApi(PlaybackApi.make())
  yield* out.line(JSON.stringify(document, undefined, 2))
})
