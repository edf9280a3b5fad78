/**
 * `privx-kit.config.ts`, as a project has it beside its package.json: domains that it adds to privx-kit, the least that it
 * demands of every setup, what happens around each step, and where traces and metrics go.
 *
 * ```ts
 * import { defineConfig } from "privx-kit/defineConfig"
 * import secrets from "@acme/privx-secrets"
 *
 * export default defineConfig({ domains: [secrets] })
 * ```
 */
import type { HookedStep } from "@privx-kit/runs/StepHooks"
import type * as Layer from "effect/Layer"
import type { Demands } from "../setup/Demands.ts"
import type { Domain } from "../domain/Domain.ts"

export interface Config {
  /** Beside those of privx-kit. */
  readonly domains?: ReadonlyArray<Domain>
  /** The minimum policy of every setup of this project. */
  readonly policies?: Partial<Demands>
  readonly hooks?: {
    /** Called before each step of every run. If it throws, the step fails with that error and does nothing. */
    readonly beforeStep?: (step: HookedStep) => void | Promise<void>
    /** Called when a step has ended. If it throws, the error is logged. */
    readonly afterStep?: (step: HookedStep, outcome: "succeeded" | "failed") => void | Promise<void>
  }
  /** Layers that send traces, metrics or logs somewhere, e.g. those of `effect/observability`. */
  readonly exporters?: ReadonlyArray<Layer.Layer<never>>
}

/** Gives a config file its types. */
export const defineConfig = (config: Config): Config => config
