import type * as Connection from "@privx-kit/http/Connection"
import type * as TokenSource from "@privx-kit/http/TokenSource"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { expectTypeOf } from "vitest"
import * as Fault from "../src/Fault.ts"
import type { FaultSyntaxError } from "../src/FaultSyntaxError.ts"
import type { PlaybackSimulator } from "../src/PlaybackSimulator.ts"
import { SimulatedPrivx } from "../src/SimulatedPrivx.ts"
import { type Options, type Running, Simulator } from "../src/Simulator.ts"
import type { SimulatorDomain } from "../src/SimulatorDomain.ts"
import type { SimulatorError } from "../src/SimulatorError.ts"
import { UebaSimulator } from "../src/UebaSimulator.ts"

// A simulator lives in a scope, or in a layer that needs nothing; what can go wrong is typed.
expectTypeOf(Simulator.make()).toEqualTypeOf<Effect.Effect<Running, SimulatorError | FaultSyntaxError, Scope.Scope>>()
expectTypeOf(Simulator.layer()).toEqualTypeOf<
  Layer.Layer<Simulator | UebaSimulator | PlaybackSimulator, SimulatorError | FaultSyntaxError>
>()

// A domain of another package is an entry like the kit's own, and its controls are typed.
class SecretsSimulator extends Context.Service<SecretsSimulator, { readonly count: Effect.Effect<number> }>()(
  "Secrets"
) {}
declare const secrets: SimulatorDomain<SecretsSimulator>
declare const withoutControls: SimulatorDomain
const started = Simulator.make({ domains: [secrets, withoutControls] })
expectTypeOf<Effect.Success<typeof started>["controls"]>().toEqualTypeOf<
  Context.Context<SecretsSimulator | UebaSimulator | PlaybackSimulator>
>()
expectTypeOf(SimulatedPrivx.layer({ domains: [secrets, UebaSimulator.layer()] })).toEqualTypeOf<
  Layer.Layer<SimulatedPrivx | SecretsSimulator | UebaSimulator, SimulatorError | FaultSyntaxError>
>()
// @ts-expect-error a domain requires nothing that the simulator does not have
SimulatedPrivx.make({ domains: [Layer.effect(SecretsSimulator, Effect.service(Simulator))] })

// What it offers is what the transport takes.
declare const simulator: Simulator["Service"]
expectTypeOf(simulator.apiClient).toExtend<TokenSource.ApiClient>()
expectTypeOf({ baseUrl: simulator.url, ca: simulator.ca }).toExtend<Connection.Options>()

// A fault is data.
expectTypeOf(Fault.parse).returns.toEqualTypeOf<Result.Result<Fault.Fault, FaultSyntaxError>>()
expectTypeOf<{ operation: "*"; action: { _tag: "Error"; status: 503; code: "MAX_LOAD" } }>().toExtend<Fault.Fault>()

const options = (options: Options) => options
options({ faults: ["createSession:503/MAX_LOAD", { operation: "*", action: { _tag: "Reset" }, times: 1 }] })
// @ts-expect-error no such action
options({ faults: [{ operation: "*", action: { _tag: "Explode" } }] })
// The set of scopes is open.
options({ scopes: ["admin", "vaultRead"] })
// @ts-expect-error no such flaw
options({ tls: { flaw: "ugly" } })
