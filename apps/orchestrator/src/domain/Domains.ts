/** What follows from the list of domains: for code that deals with all of them, and knows none. */
import type { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import type { Delivery } from "@privx-kit/artifacts/Delivery"
import type { Database } from "@privx-kit/durable/Database"
import type { Approvals } from "@privx-kit/runs/Approvals"
import type { RunControl } from "@privx-kit/runs/RunControl"
import type { RunRequests } from "@privx-kit/runs/RunRequests"
import type { Runs } from "@privx-kit/runs/Runs"
import type { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import type * as SqlClient from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import type { Failure } from "@privx-kit/core/Failure"
import type { DomainServer } from "./DomainServer.ts"
import type { Run } from "@privx-kit/runs/Run"
import { RunKinds } from "@privx-kit/runs/RunKinds"
import type { SimulatorDomain } from "@privx-kit/simulator/SimulatorDomain"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as OpenApi from "effect/http-api/OpenApi"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** What a process gives to the workflows of its domains. */
export type RuntimeServices =
  | WorkflowEngine
  | Runs
  | RunRequests
  | RunControl
  | Approvals
  | ArtifactStore
  | Delivery
  | PrivxHosts
  | Database
  | SqlClient.SqlClient

/** What a domain adds to the server. */
export interface NamedServer extends DomainServer {
  /** Of the domain. */
  readonly name: string
}

/** What the program exits with when a command or a run fails with that class. */
export interface DomainFailure {
  /** `_tag` of the class. */
  readonly tag: string
  /** 64 to 113: lower codes are those of privx-kit, higher ones those of shells and signals. */
  readonly code: number
  /** When it is given, in one line. */
  readonly meaning: string
}

export class Domains extends Context.Service<
  Domains,
  {
    readonly names: ReadonlyArray<string>
    /** The config file that added domains, if there is one. */
    readonly configFile: string | undefined
    /** The kinds of run of every domain. */
    readonly runKinds: Effect.Effect<RunKinds["Service"]>
    /** Lets the engine execute runs of every kind. */
    readonly workflows: Layer.Layer<never, never, RuntimeServices>
    /** The exit code that a domain has registered for a class of failures. */
    readonly failure: (tag: string) => DomainFailure | undefined
    /** What domains add to the server. */
    readonly servers: Effect.Effect<ReadonlyArray<NamedServer>>
    /** What further domains have of PrivX, beside what the simulator brings. */
    readonly simulators: Effect.Effect<ReadonlyArray<SimulatorDomain>>
    /** The OpenAPI documents, by name of the domain. */
    readonly openapi: ReadonlyMap<string, () => Promise<OpenApi.OpenAPISpec>>
  }
>()("privx-kit/Domains") {}

/** The kinds of run, as a service. */
export const layerRunKinds: Layer.Layer<RunKinds, never, Domains> = Layer.effect(
  RunKinds,
  Effect.flatMap(Domains, ({ runKinds }) => runKinds)
)

/** What a run failed with; none where it has not failed, or where no domain knows its kind or its failure. */
export const failureOf = ({ failure, kind }: Pick<Run, "kind" | "failure">) =>
  Effect.map(
    Effect.flatMap(Domains, ({ runKinds }) => runKinds),
    (kinds): Option.Option<Failure> => {
      const known = kinds.find(kind)
      return known === undefined || failure === null
        ? Option.none()
        : Schema.decodeUnknownOption(known.failure)(failure)
    }
  )

/** How a step is titled; its name where no domain knows the kind of the run. */
export const stepTitle = (kinds: RunKinds["Service"], kind: string, step: string): string =>
  kinds.find(kind)?.steps.find(({ name }) => name === step)?.title ?? step
