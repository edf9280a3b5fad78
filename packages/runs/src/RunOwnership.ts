/**
 * Which unfinished runs a process executes, of those that it can execute. A server and a worker execute all of them; a
 * command that was asked for one run leaves the others as they are.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * The default owns every run. Provide it to the layer of the engine's workflows.
 *
 * @since 0.1.0
 * @category references
 */
export const RunOwnership = Context.Reference<(run: { readonly kind: string; readonly runId: string }) => boolean>(
  "@privx-kit/runs/RunOwnership",
  { defaultValue: () => () => true }
)
