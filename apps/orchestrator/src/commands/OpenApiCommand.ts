/** `privx-kit openapi`: the endpoints that the kit uses, as OpenAPI documents. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"

export const openapi = Command.make(
  "openapi",
  {
    api: Argument.Literals("API", ["ueba", "playback", "server"]).pipe(
      Argument.withDescription("ueba or playback of PrivX, or that of privx-kit serve: server")
    )
  },
  Effect.fnUntraced(function* ({ api }) {
    const { run } = yield* Effect.promise(() => import("./OpenApiDocument.ts"))
    yield* run({ api })
  })
).pipe(
  Command.withDescription("Print the OpenAPI document of the endpoints that privx-kit uses, or serves, as JSON."),
  Command.withShortDescription("Print the OpenAPI documents of the endpoints"),
  Command.withExamples([{ command: "privx-kit openapi ueba > ueba.openapi.json" }])
)
