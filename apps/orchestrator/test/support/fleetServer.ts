/** A server on one machine that accepts fleets of simulated hosts. */
import { assert } from "@effect/vitest"
import type { Options as SimulatorOptions } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as path from "node:path"
import { FleetPrivxHosts } from "../../src/fleet/FleetPrivxHosts.ts"
import * as HostPolicy from "../../src/fleet/HostPolicy.ts"
import * as EmbeddedStorage from "../../src/server/EmbeddedStorage.ts"
import * as fleets from "./fleets.ts"
import * as privxes from "./privx.ts"
import * as served from "./served.ts"

const accepted: HostPolicy.Accepted = { hosts: ["127.*"], insecureHttp: false }

export const start = Effect.fnUntraced(function* (simulator?: SimulatorOptions) {
  const privx = yield* fleets.start(simulator)
  const { dataDir, directory } = yield* fleets.place
  const server = yield* served.on(
    EmbeddedStorage.layer({ dataDir, concurrency: 4 }).pipe(
      Layer.provide(FleetPrivxHosts.layer([])),
      Layer.provide(
        HostPolicy.layer(accepted, { environment: fleets.environment(privx), variables: ["FLEET_*"], directory })
      ),
      Layer.provide(privxes.patience)
    ),
    { target: "https://privx.invalid", tokenFile: path.join(directory, "tokens.toml"), fleetHosts: accepted }
  )
  const apply = (body: { readonly definition: string }, as = "operator") =>
    Effect.map(server.ask("POST", "/api/v1/fleets", { as, body }), (answer) => {
      assert.strictEqual(answer.status, 202, answer.text)
      return answer.json as { readonly created: boolean; readonly run: { readonly id: string } }
    })
  return { directory, privx, server: { ...server, apply } }
})
