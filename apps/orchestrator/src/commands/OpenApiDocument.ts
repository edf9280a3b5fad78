/** The OpenAPI documents, made from the very definitions that the clients use. */
import * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
import * as UebaApi from "@privx-kit/ueba/UebaApi"
import * as Effect from "effect/Effect"
import * as OpenApi from "effect/http-api/OpenApi"
import { Api } from "../server/Api.ts"
import { Screen } from "../terminal/Screen.ts"

export const run = Effect.fnUntraced(function* (input: { readonly api: "ueba" | "playback" | "server" }) {
  const { out } = yield* Screen
  yield* out.line(JSON.stringify(documents[input.api](), undefined, 2))
})

const documents = {
  ueba: () => OpenApi.fromApi(UebaApi.make()),
  playback: () => OpenApi.fromApi(PlaybackApi.make()),
  server: () => OpenApi.fromApi(Api)
}
