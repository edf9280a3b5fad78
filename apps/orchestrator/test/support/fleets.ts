/** Fleets of simulated hosts: one simulator serves all of them, each at its own address in 127.0.0.0/8. */
import type { Options } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import * as FleetFile from "../../src/fleet/FleetFile.ts"
import { FleetRecord } from "../../src/fleet/FleetRecord.ts"
import { digestOf, type Plan, planOf } from "../../src/fleet/FleetRun.ts"
import * as EmbeddedRuntime from "../../src/EmbeddedRuntime.ts"
import { Fleets } from "../../src/fleet/Fleets.ts"
import { FleetPrivxHosts } from "../../src/fleet/FleetPrivxHosts.ts"
import { type RunEvent, RunEvents } from "@privx-kit/runs/RunEvents"
import type { Runs } from "@privx-kit/runs/Runs"
import * as privx from "./privx.ts"
import type { PrivX } from "./setups.ts"
import * as temporary from "@privx-kit/testing/temporary"

/** Forwards connections to any address of this machine to the simulator. Returns the port. */
const front = (simulator: PrivX) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
      const sockets = new Set<net.Socket>()
      const server = net.createServer((socket) => {
        const behind = net.connect(Number(simulator.url.port), simulator.url.hostname)
        for (const [one, other] of [
          [socket, behind],
          [behind, socket]
        ] as const) {
          sockets.add(one)
          one.on("error", () => other.destroy())
          one.on("close", () => {
            sockets.delete(one)
            other.destroy()
          })
          one.pipe(other)
        }
      })
      server.listen(0, "0.0.0.0", () => {
        const address = server.address()
        resume(
          Effect.succeed({
            port: typeof address === "object" && address !== null ? address.port : 0,
            close: () => {
              server.close()
              sockets.forEach((socket) => socket.destroy())
            }
          })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )

export interface FleetPrivX {
  readonly simulator: PrivX
  /** The base URL of host number `index`, from 1. */
  readonly url: (index: number) => string
}

export const start = Effect.fnUntraced(function* (options: Options = {}) {
  const simulator = yield* privx.start(options)
  const { port } = yield* front(simulator)
  return {
    simulator,
    url: (index: number) => `http://127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}:${port}`
  }
})

/** The environment with the credentials that {@link text} refers to. */
export const environment = ({ simulator: { apiClient } }: FleetPrivX): Readonly<Record<string, string>> => ({
  FLEET_SECRET: Redacted.value(apiClient.clientSecret),
  FLEET_OAUTH_SECRET: Redacted.value(apiClient.oauthClientSecret)
})

/** A fleet file for hosts `h1` to `h<count>` of a simulator. */
export const text = (
  { simulator, url }: FleetPrivX,
  count: number,
  top: Readonly<Record<string, unknown>> = {},
  defaults: Readonly<Record<string, unknown>> = {},
  host: (index: number) => Readonly<Record<string, unknown>> = () => ({})
): string =>
  JSON.stringify({
    version: 1,
    name: "test",
    concurrency: 4,
    ...top,
    defaults: {
      credentials: {
        client_id: simulator.apiClient.clientId,
        client_secret_env: "FLEET_SECRET",
        oauth_client_id: simulator.apiClient.oauthClientId,
        oauth_client_secret_env: "FLEET_OAUTH_SECRET"
      },
      ...defaults
    },
    hosts: Array.from({ length: count }, (_, index) => ({
      name: `h${index + 1}`,
      base_url: url(index + 1),
      ...host(index + 1)
    }))
  })

export const place = Effect.gen(function* () {
  const directory = yield* temporary.directory
  return { directory, dataDir: path.join(directory, "data"), file: path.join(directory, "fleet.yaml") }
})

export const read = (privx: FleetPrivX, file: string, content: string) =>
  Effect.suspend(() => {
    fs.writeFileSync(file, content)
    return Effect.map(
      FleetFile.read(file, { environment: environment(privx), home: "/nonexistent" }),
      ({ fleet }) => fleet
    )
  })

/** Runs an effect like a separate process: the data directory is unlocked afterwards. */
export const session = <A, E>(
  dataDir: string,
  fleet: FleetFile.Fleet,
  use: (plan: Plan) => Effect.Effect<A, E, Fleets | FleetRecord | Runs>,
  observe: (event: RunEvent) => void = () => undefined,
  retries = privx.patience
) =>
  Effect.suspend(() => {
    const plan = planOf(fleet)
    return use(plan).pipe(
      Effect.provide(
        EmbeddedRuntime.layerFleets({ dataDir, digests: [digestOf(plan)], concurrency: fleet.concurrency }).pipe(
          Layer.provide(privx.domains),
          Layer.provide(FleetPrivxHosts.layer([fleet])),
          Layer.provide(retries),
          Layer.provide(Layer.succeed(RunEvents, (event) => Effect.sync(() => observe(event))))
        )
      )
    )
  })

export const apply = (plan: Plan) => Effect.flatMap(Fleets, (fleets) => fleets.run(plan))
