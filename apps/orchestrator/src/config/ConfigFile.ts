/**
 * Loads `privx-kit.config.*` from the working directory. The file is code, and privx-kit may run as root, so a file that
 * another user owns or can write is refused.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as FileOwnership from "@privx-kit/files/FileOwnership"
import { StepRefused } from "@privx-kit/runs/RunFailures"
import { StepHooks } from "@privx-kit/runs/StepHooks"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import { pathToFileURL } from "node:url"
import * as Demands from "../setup/Demands.ts"
import type { Config } from "./defineConfig.ts"
import type { Domain } from "../domain/Domain.ts"

export class ConfigFileFailed extends Failure.Class<ConfigFileFailed>()(
  "ConfigFileFailed",
  {
    /** With line and column, if known. */
    file: Schema.String,
    detail: Schema.String
  },
  {
    message: ({ detail, file }) => `Cannot load ${file}: ${detail}`,
    hint: "Correct the file, or run privx-kit in a directory without it."
  }
) {}

export interface Loaded {
  readonly file: string
  readonly config: Config
}

/** Throws a {@link ConfigFileFailed}. */
export const load = async (file: string): Promise<Loaded> => {
  const problem = untrusted(file)
  if (problem !== undefined) throw new ConfigFileFailed({ file, detail: problem })
  const module: unknown = await import(pathToFileURL(file).href).catch((error: unknown) => {
    throw new ConfigFileFailed({ file: placeOf(file, error), detail: sentence(error) })
  })
  const config = typeof module === "object" && module !== null && "default" in module ? module.default : undefined
  if (!isConfig(config)) {
    throw new ConfigFileFailed({ file, detail: "it has no default export made with defineConfig." })
  }
  return { file, config }
}

const untrusted = (file: string): string | undefined => {
  const problem = FileOwnership.problem(fs.statSync(file))
  return problem === undefined ? undefined : `it ${problem}.`
}

const sentence = (error: unknown): string => {
  const text = Failure.singleLine(error instanceof Error ? error.message : String(error), 300)
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** `FILE:LINE:COLUMN` of the file or of a module that it imports. */
const placeOf = (file: string, error: unknown): string => {
  const stack = error instanceof Error ? (error.stack ?? "") : ""
  const [, line] = new RegExp(`${escaped(file)}:(\\d+(?::\\d+)?)`).exec(stack) ?? []
  return line === undefined ? file : `${file}:${line}`
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

const known: ReadonlySet<string> = new Set(["domains", "policies", "hooks", "exporters"])

const isConfig = (value: unknown): value is Config => {
  if (typeof value !== "object" || value === null) return false
  if (Object.keys(value).some((key) => !known.has(key))) return false
  return !("domains" in value) || (Array.isArray(value.domains) && value.domains.every(isDomain))
}

const isDomain = (value: unknown): value is Domain =>
  typeof value === "object" && value !== null && "name" in value && typeof value.name === "string"

/** The services that a config file provides to every command. */
export const layer = ({ exporters = [], hooks, policies }: Config): Layer.Layer<never> =>
  Layer.mergeAll(
    policies === undefined ? Layer.empty : Layer.succeed(Demands.Minimum, { ...Demands.none, ...policies }),
    hooks === undefined ? Layer.empty : Layer.succeed(StepHooks, hooksOf(hooks)),
    ...exporters
  )

const hooksOf = ({ afterStep, beforeStep }: NonNullable<Config["hooks"]>): StepHooks => ({
  before: (step) =>
    Effect.tryPromise({
      try: async () => beforeStep?.(step),
      catch: (error) => new StepRefused({ step: step.step, detail: sentence(error) })
    }),
  after: (step, outcome) => Effect.tryPromise(async () => afterStep?.(step, outcome))
})
