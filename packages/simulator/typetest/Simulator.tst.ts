import type * as Connection from "@privx-kit/http/Connection"
import type * as TokenProvider from "@privx-kit/http/TokenProvider"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { expectTypeOf } from "vitest"
import * as Fault from "../src/Fault.ts"
import type { FaultSyntaxError } from "../src/FaultSyntaxError.ts"
import { type Options, Simulator } from "../src/Simulator.ts"
import type { SimulatorError } from "../src/SimulatorError.ts"

// A simulator lives in a scope, or in a layer that needs nothing; what can go wrong is typed.
expectTypeOf(Simulator.make).returns.toEqualTypeOf<
  Effect.Effect<Simulator["Service"], SimulatorError | FaultSyntaxError, Scope.Scope>
>()
expectTypeOf(Simulator.layer).returns.toEqualTypeOf<Layer.Layer<Simulator, SimulatorError | FaultSyntaxError>>()

// What it offers is what the transport takes.
declare const simulator: Simulator["Service"]
expectTypeOf(simulator.apiClient).toExtend<TokenProvider.ApiClient>()
expectTypeOf({ baseUrl: simulator.url, ca: simulator.ca }).toExtend<Connection.Options>()

// A fault is data.
expectTypeOf(Fault.parse).returns.toEqualTypeOf<Result.Result<Fault.Fault, FaultSyntaxError>>()
expectTypeOf<{ operation: "*"; action: { _tag: "Error"; status: 503; code: "MAX_LOAD" } }>().toExtend<Fault.Fault>()

const options = (options: Options) => options
options({ faults: ["createSession:503/MAX_LOAD", { operation: "*", action: { _tag: "Reset" }, times: 1 }] })
// @ts-expect-error no such action
options({ faults: [{ operation: "*", action: { _tag: "Explode" } }] })
// @ts-expect-error a scope that the API reference does not name
options({ scopes: ["root"] })
// @ts-expect-error no such flaw
options({ tls: { flaw: "ugly" } })
