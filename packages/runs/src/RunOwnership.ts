/**
 * Which unfinished runs a process executes, of those that it can execute. A server and a worker execute all of them; a
 * command that was asked for one run leaves the others as they are.
 */
import * as Context from "effect/Context"

/** The default owns every run. Provide it to the layer of the engine's workflows. */
export const RunOwnership = Context.Reference<(run: { readonly kind: string; readonly runId: string }) => boolean>(
  "@privx-kit/runs/RunOwnership",
  { defaultValue: () => () => true }
)
