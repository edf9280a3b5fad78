/**
 * The kinds of run that a process knows, for code that handles runs of every kind. Each domain brings its own kinds, made
 * with `DurableRun`. A kind that no domain brings is refused by name.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import type { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import type { Run, StepName } from "./Run.ts"

/**
 * One attempt of a run, as the engine knows it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt extends Pick<Run, "attempt"> {
  readonly runId: string
}

/**
 * A named part of a run that people see.
 *
 * @since 0.1.0
 * @category models
 */
export interface Step {
  readonly name: StepName
  /** Title for people: `Download the script`. */
  readonly title: string
}

/**
 * The task of a run, as recorded.
 *
 * @since 0.1.0
 * @category models
 */
export interface Task extends Pick<Run, "target" | "inputs"> {
  readonly runId: string
}

/**
 * The state of an attempt in the engine: suspended, or ended with this exit.
 *
 * @since 0.1.0
 * @category models
 */
export type Progress = "suspended" | Exit.Exit<void, Failure.Failure>

/**
 * @since 0.1.0
 * @category models
 */
export interface RunKind {
  /** As in the record of runs: `ueba-setup`. */
  readonly name: string
  /** Title for people: `UEBA setup`. */
  readonly title: string
  /** In the order in which they are executed. */
  readonly steps: ReadonlyArray<Step>
  /** The engine's name of the workflow that executes it. */
  readonly workflow: string
  /**
   * Whether the run spends nearly all of its time waiting, for runs that it submits or for its next call, so that it does
   * not count towards the limit of a process.
   */
  readonly coordinates: boolean
  /** Every failure of such a run, as it is recorded. */
  readonly failure: Schema.Codec<Failure.Failure, Schema.Json>
  readonly executionId: (attempt: Attempt) => Effect.Effect<string>
  /** Whether this process can execute the run. */
  readonly isHere: (task: Task) => Effect.Effect<boolean, never, PrivxHosts>
  /** Starts the attempt in the engine, or joins it, and waits for its end. */
  readonly execute: (attempt: Attempt) => Effect.Effect<void, Failure.Failure, WorkflowEngine>
  /** Starts the attempt in the engine. */
  readonly start: (attempt: Attempt) => Effect.Effect<void, never, WorkflowEngine>
  readonly poll: (attempt: Attempt) => Effect.Effect<Option.Option<Progress>, never, WorkflowEngine>
  /** Resumes an attempt that the engine has suspended. */
  readonly resume: (attempt: Attempt) => Effect.Effect<void, never, WorkflowEngine>
  /** Wakes an attempt that waits for a decision. The decision itself is in the record. */
  readonly wake: (attempt: Attempt, action: "cancel" | "decide") => Effect.Effect<void, never, WorkflowEngine>
}

/**
 * No domain of this process knows the kind of the run.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnknownRunKind extends Failure.Class<UnknownRunKind>()(
  "UnknownRunKind",
  { kind: Schema.String },
  {
    message: ({ kind }) => `No domain of this process knows runs of the kind "${kind}".`,
    hint: "Add the domain that brings this kind to privx-kit.config, or upgrade privx-kit."
  }
) {}

/**
 * @since 0.1.0
 * @category services
 */
export class RunKinds extends Context.Service<
  RunKinds,
  {
    readonly all: ReadonlyArray<RunKind>
    readonly find: (kind: string) => RunKind | undefined
    readonly get: (kind: string) => Effect.Effect<RunKind, UnknownRunKind>
  }
>()("@privx-kit/runs/RunKinds") {
  static readonly layer = (kinds: ReadonlyArray<RunKind>): Layer.Layer<RunKinds> => Layer.succeed(RunKinds, make(kinds))
}

/**
 * Makes a list of kinds, to be asked by name.
 *
 * **Errors**: `get` fails with `UnknownRunKind`. Nothing of an unknown kind is executed, and it is left to a process that
 * knows it.
 *
 * @example
 * ```ts
 * import * as RunKinds from "@privx-kit/runs/RunKinds"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = (kinds: ReadonlyArray<RunKinds.RunKind>) => Layer.succeed(RunKinds.RunKinds, RunKinds.make(kinds))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (kinds: ReadonlyArray<RunKind>): RunKinds["Service"] => {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]))
  return {
    all: kinds,
    find: (kind) => byName.get(kind),
    get: (kind) => {
      const known = byName.get(kind)
      return known === undefined ? Effect.fail(new UnknownRunKind({ kind })) : Effect.succeed(known)
    }
  }
}
