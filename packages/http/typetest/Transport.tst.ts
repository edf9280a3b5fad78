import * as Endpoint from "@privx-kit/http/Endpoint"
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
