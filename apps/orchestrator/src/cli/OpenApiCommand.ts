/** `privx-kit openapi`: prints the endpoints that the kit calls or serves, as OpenAPI documents. */
import * as Argument from "effect/cli/Argument"
import { lazyCommand } from "./LazyCommand.ts"

export const openapi = lazyCommand("openapi", {
  parameters: {
    api: Argument.String("API").pipe(
      Argument.withDescription("ueba or playback of PrivX, another domain, or server for privx-kit serve")
    )
  },
  description: "Print the OpenAPI document of the endpoints that privx-kit uses or serves, as JSON.",
  shortDescription: "Print the OpenAPI documents of the endpoints",
  examples: [{ command: "privx-kit openapi ueba > ueba.openapi.json" }],
  exitCodes: ["storage"],
  load: () => import("./OpenApiDocument.ts").then(({ run }) => run)
})
