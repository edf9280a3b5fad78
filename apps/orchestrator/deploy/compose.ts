/** The services of the Compose file, as containers of this machine: in the order and under the conditions of their `depends_on`. */
import * as Effect from "effect/Effect"
import { eventually } from "@privx-kit/testing/eventually"
import * as fs from "node:fs"
import * as path from "node:path"
import { parse } from "yaml"
import * as Container from "./container.ts"

type Condition = "service_healthy" | "service_completed_successfully"

export interface Service {
  readonly image: string
  readonly entrypoint?: ReadonlyArray<string>
  readonly command?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: ReadonlyArray<string>
  readonly depends_on?: Readonly<Record<string, { readonly condition: Condition }>>
  readonly healthcheck?: { readonly test: ReadonlyArray<string> }
  readonly read_only?: boolean
  readonly cap_drop?: ReadonlyArray<string>
  readonly security_opt?: ReadonlyArray<string>
}

export const services = (): Readonly<Record<string, Service>> =>
  parse(fs.readFileSync(path.join(Container.deployDirectory, "compose.yaml"), "utf8"), { merge: true }).services

export interface Options {
  readonly databaseUrl: string
  /** Services that this machine has in another form. */
  readonly elsewhere: ReadonlyArray<string>
}

/** Starts a service when those that it depends on are as far as it needs them. */
export const project = Effect.fnUntraced(function* (options: Options) {
  const image = yield* Container.build
  const volumes = new Map<string, string>([["shared", yield* Container.volume(0)]])
  const all = services()
  const running = new Map<string, Container.Container>()

  const mountsOf = ({ volumes: lines = [] }: Service): ReadonlyArray<Container.Mount> =>
    lines.map((line) => {
      const [from = "", to = "", mode] = line.split(":")
      return { from: volumes.get(from) ?? path.join(Container.deployDirectory, from), to, readOnly: mode === "ro" }
    })

  const settingsOf = (service: Service) => ({
    mounts: mountsOf(service),
    env: Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([name, value]) => [
        name,
        // Postgres is a server of this machine.
        value.startsWith("postgres://") ? options.databaseUrl : value
      ])
    ),
    asRoot: service.image !== "privx-kit"
  })

  const healthy = (service: Service) => {
    const [, ...command] = service.healthcheck?.test ?? []
    const check = Effect.scoped(
      Effect.flatMap(
        Container.start(image, { ...settingsOf(service), entrypoint: command, args: [] }),
        ({ exitCode }) => exitCode
      )
    )
    return eventually(check, (code) => code === 0, Container.mostToStart)
  }

  const up = (name: string): Effect.Effect<Container.Container | undefined, never, import("effect/Scope").Scope> =>
    Effect.gen(function* () {
      const service = all[name]
      const started = running.get(name)
      if (service === undefined || started !== undefined || options.elsewhere.includes(name)) return started
      for (const [dependency, { condition }] of Object.entries(service.depends_on ?? {})) {
        const needed = yield* up(dependency)
        if (needed === undefined) continue
        if (condition === "service_healthy") yield* healthy(all[dependency] ?? service)
        else if ((yield* needed.exitCode) !== 0) {
          return yield* Effect.die(new Error(`the service ${dependency} has failed:\n${needed.output()}`))
        }
      }
      const container = yield* Container.start(image, {
        ...settingsOf(service),
        entrypoint: service.entrypoint,
        args: service.command ?? []
      })
      running.set(name, container)
      return container
    })

  /** A command of a person at the cluster, from one more container. */
  const command = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
    Effect.flatMap(Container.start(image, { args, env }), (container) =>
      Effect.map(container.exitCode, (exitCode) => ({ exitCode, output: container.output() }))
    )

  return { up, command }
})
