/** Values derived from the list of domains, for code that handles all of them without knowing any. */
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

/** The services that a process provides to the workflows of its domains. */
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
  /** The name of the domain. */
  readonly name: string
}

/** The exit code of a command or run that fails with a class of the domain. */
export interface DomainFailure {
  /** The `_tag` of the class. */
  readonly tag: string
  /** 64 to 113: privx-kit uses lower codes, shells and signals use higher ones. */
  readonly code: number
  /** When the program exits with it, in one line. */
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
    /** The exit code that a domain has registered for a failure class. */
    readonly failure: (tag: string) => DomainFailure | undefined
    /** What domains add to the server. */
    readonly servers: Effect.Effect<ReadonlyArray<NamedServer>>
    /** The PrivX endpoints that further domains add to the simulator. */
    readonly simulators: Effect.Effect<ReadonlyArray<SimulatorDomain>>
    /** The OpenAPI documents, by domain name. */
    readonly openapi: ReadonlyMap<string, () => Promise<OpenApi.OpenAPISpec>>
  }
>()("privx-kit/Domains") {}

/** The kinds of run, as a service. */
export const layerRunKinds: Layer.Layer<RunKinds, never, Domains> = Layer.effect(
  RunKinds,
  Effect.flatMap(Domains, ({ runKinds }) => runKinds)
)

/** The failure of a run; none if it has not failed, or if no domain knows its kind or its failure. */
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

/** The title of a step; its name if no domain knows the kind of the run. */
export const stepTitle = (kinds: RunKinds["Service"], kind: string, step: string): string =>
  kinds.find(kind)?.steps.find(({ name }) => name === step)?.title ?? step
