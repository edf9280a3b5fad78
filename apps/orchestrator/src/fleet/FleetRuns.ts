/** The durable runs of fleets. */
import * as Layer from "effect/Layer"
import type { DomainRuns } from "../domain/Domain.ts"
import { FleetRecord } from "./FleetRecord.ts"
import * as FleetWorkflow from "./FleetWorkflow.ts"

export const kinds: DomainRuns["kinds"] = [FleetWorkflow.FleetRun]

export const workflows: DomainRuns["workflows"] = Layer.suspend(() =>
  FleetWorkflow.layer.pipe(Layer.provide(FleetRecord.layer))
)
