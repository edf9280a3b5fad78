/** The durable runs of playback. */
import * as Layer from "effect/Layer"
import type { DomainRuns } from "../domain/Domain.ts"
import { KeepAliveRun } from "./KeepAliveRun.ts"
import * as KeepAliveWorkflow from "./KeepAliveWorkflow.ts"

export const kinds: DomainRuns["kinds"] = [KeepAliveRun]

export const workflows: DomainRuns["workflows"] = Layer.suspend(() => KeepAliveWorkflow.layer)
