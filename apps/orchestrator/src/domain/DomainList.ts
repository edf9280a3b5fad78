/** Combines the domains of a process for the program. */
import { DomainMigrations } from "@privx-kit/runs/DomainMigrations"
import * as RunKinds from "@privx-kit/runs/RunKinds"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Domain } from "./Domain.ts"
import { Domains, type RuntimeServices } from "./Domains.ts"

/** @param configFile the file that added domains, if there is one */
export const layer = (domains: ReadonlyArray<Domain>, configFile?: string): Layer.Layer<Domains> =>
  Layer.merge(
    Layer.sync(Domains, () => make(domains, configFile)),
    Layer.sync(DomainMigrations, () => migrationsOf(domains))
  )

/** Loaded when a database is opened. */
const migrationsOf = (domains: ReadonlyArray<Domain>) => {
  let loading: ReturnType<typeof loadMigrations> | undefined
  return Effect.promise(() => (loading ??= loadMigrations(domains)))
}

const loadMigrations = (domains: ReadonlyArray<Domain>) =>
  Promise.all(
    domains.flatMap(({ migrations, name }) =>
      migrations === undefined ? [] : [migrations().then((tables): DomainMigrations => ({ domain: name, ...tables }))]
    )
  )

const make = (all: ReadonlyArray<Domain>, configFile: string | undefined): Domains["Service"] => {
  const failures = new Map(all.flatMap(({ failures = [] }) => failures.map((failure) => [failure.tag, failure])))
  // Loaded once, when a command first deals with runs.
  let loading: ReturnType<typeof load> | undefined
  const loaded = Effect.promise(() => (loading ??= load(all)))
  return {
    names: all.map(({ name }) => name),
    configFile,
    runKinds: Effect.map(loaded, (runs) => RunKinds.make(runs.flatMap(({ kinds }) => kinds))),
    workflows: Layer.unwrap(
      Effect.map(loaded, (runs) =>
        runs.reduce<Workflows>((all, { workflows }) => Layer.merge(all, workflows), Layer.empty)
      )
    ),
    failure: (tag) => failures.get(tag),
    servers: Effect.promise(() =>
      Promise.all(
        all.flatMap(({ name, server }) =>
          server === undefined ? [] : [server().then((parts) => ({ name, ...parts }))]
        )
      )
    ),
    simulators: Effect.promise(() =>
      Promise.all(all.flatMap(({ simulator }) => (simulator === undefined ? [] : [simulator()])))
    ),
    openapi: new Map(all.flatMap(({ name, openapi }) => (openapi === undefined ? [] : [[name, openapi]])))
  }
}

type Workflows = Layer.Layer<never, never, RuntimeServices>

const load = (domains: ReadonlyArray<Domain>) =>
  Promise.all(domains.flatMap(({ runs }) => (runs === undefined ? [] : [runs()])))
