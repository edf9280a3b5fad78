/** The durable runs of UEBA. */
import * as Layer from "effect/Layer"
import type { DomainRuns } from "../domain/Domain.ts"
import { SetupRun } from "../setup/SetupRun.ts"
import * as SetupWorkflow from "../setup/SetupWorkflow.ts"
import { BootstrapRun } from "./BootstrapRun.ts"
import * as BootstrapWorkflow from "./BootstrapWorkflow.ts"

export const kinds: DomainRuns["kinds"] = [SetupRun, BootstrapRun]

export const workflows: DomainRuns["workflows"] = Layer.suspend(() =>
  Layer.merge(SetupWorkflow.layer, BootstrapWorkflow.layer)
)
