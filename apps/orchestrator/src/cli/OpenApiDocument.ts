/** The OpenAPI documents, generated from the definitions that the clients use. */
import * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
import * as UebaApi from "@privx-kit/ueba/UebaApi"
import * as Effect from "effect/Effect"
import * as OpenApi from "effect/http-api/OpenApi"
import { Domains } from "../domain/Domains.ts"
import * as ServerDocument from "../server/ServerDocument.ts"
import * as Outcome from "./Outcome.ts"
import { UsageError } from "./UsageError.ts"

export const ueba = () => OpenApi.fromApi(UebaApi.make())

export const playback = () => OpenApi.fromApi(PlaybackApi.make())

export const run = (input: { readonly api: string }) =>
  document(input.api).pipe(
    Outcome.report<OpenApi.OpenAPISpec>({
      command: "openapi",
      json: false,
      verbose: false,
      toJson: (document) => document,
      toPerson: (document, out) => out.line(JSON.stringify(document, undefined, 2))
    })
  )

const document = Effect.fnUntraced(function* (api: string) {
  const { openapi, servers } = yield* Domains
  if (api === "server") return ServerDocument.of(yield* servers)
  const document = openapi.get(api)
  if (document !== undefined) return yield* Effect.promise(document)
  return yield* new UsageError({
    command: "privx-kit openapi",
    problems: [`There is no API "${api}". Choose one of ${[...openapi.keys(), "server"].join(", ")}.`]
  })
})
