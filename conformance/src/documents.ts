/** The OpenAPI documents of the packages, as `privx-kit openapi` prints them. */
import * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
import * as UebaApi from "@privx-kit/ueba/UebaApi"
import * as OpenApi from "effect/http-api/OpenApi"

export const documents = {
  ueba: OpenApi.fromApi(UebaApi.make()),
  playback: OpenApi.fromApi(PlaybackApi.make())
}

export type Name = keyof typeof documents

export const names: ReadonlyArray<Name> = ["ueba", "playback"]
