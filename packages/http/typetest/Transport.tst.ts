import * as Endpoint from "@privx-kit/http/Endpoint"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as FileDownload from "@privx-kit/http/FileDownload"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Transport from "@privx-kit/http/Transport"
import type { Download } from "@privx-kit/http/Download"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { expectTypeOf } from "vitest"
import { api } from "../test/TestApi.ts"

// An operation's success comes from its endpoint, and its failures are the closed set of the kit.
const read = Endpoint.call(api, { group: "things", endpoint: "read" })
expectTypeOf<Effect.Services<typeof read>>().toEqualTypeOf<Transport.Transport>()
expectTypeOf<ReturnType<Effect.Success<typeof read>>>().toEqualTypeOf<
  Effect.Effect<{ readonly name: string }, PrivxFailure>
>()

const open = Endpoint.download(api, { group: "things", endpoint: "open" })
expectTypeOf<ReturnType<Effect.Success<typeof open>>>().toEqualTypeOf<
  Effect.Effect<Download, PrivxFailure, Scope.Scope>
>()

// @ts-expect-error -- there is no such endpoint
Endpoint.call(api, { group: "things", endpoint: "remove" })

// @ts-expect-error -- the endpoint wants its parameter
Effect.map(read, (read) => read({}))

// A download into a file needs nothing but what its opening needs: the scope of each transfer is its own.
const file = Effect.flatMap(open, (open) => FileDownload.toFile("x", (rest) => open({ params: { id: "1" } }, rest)))
expectTypeOf(file).toEqualTypeOf<
  Effect.Effect<FileDownload.Received, PrivxFailure | StorageFailed, Transport.Transport>
>()
