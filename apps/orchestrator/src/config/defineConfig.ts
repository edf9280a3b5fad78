/**
 * `privx-kit.config.ts`, a file of a project next to its package.json: additional domains, the minimum policy of every
 * setup, hooks around each step, and the destination of traces and metrics.
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
  /** Domains in addition to those of privx-kit. */
  readonly domains?: ReadonlyArray<Domain>
  /** The minimum policy of every setup of this project. */
  readonly policies?: Partial<Demands>
  readonly hooks?: {
    /** Called before each step of every run. If it throws, the step fails with that error and does nothing. */
    readonly beforeStep?: (step: HookedStep) => void | Promise<void>
    /** Called after each step. If it throws, the error is logged. */
    readonly afterStep?: (step: HookedStep, outcome: "succeeded" | "failed") => void | Promise<void>
  }
  /** Layers that export traces, metrics or logs, e.g. those of `effect/observability`. */
  readonly exporters?: ReadonlyArray<Layer.Layer<never>>
}

/** Adds types to a config file. */
export const defineConfig = (config: Config): Config => config
