/** `privx-kit completion`: its flags and its help. */
import * as Argument from "effect/cli/Argument"
import type * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { Screen } from "../terminal/Screen.ts"
import { lazyCommand } from "./LazyCommand.ts"

/** @param tree the whole command line, from which the script is generated */
export const completion = (tree: Effect.Effect<Command.Command.Any>) =>
  lazyCommand("completion", {
    parameters: {
      shell: Argument.Literals("SHELL", ["bash", "zsh", "fish", "powershell"]).pipe(
        Argument.withDescription("bash, zsh, fish or powershell")
      )
    },
    description:
      "Print a completion script for a shell. It completes commands, flags, files, ids of runs and digests of stored scripts.",
    shortDescription: "Print a completion script for a shell",
    examples: [
      { command: "privx-kit completion bash > privx-kit.bash", description: "bash: source the file in .bashrc" },
      { command: "privx-kit completion zsh > _privx-kit", description: "zsh: into a directory of fpath" },
      {
        command: "privx-kit completion fish > privx-kit.fish",
        description: "fish: into the directory completions beside config.fish"
      }
    ],
    exitCodes: ["storage"],
    load: async ({ shell }) => {
      const { script } = await import("./Completions.ts")
      return Effect.fnUntraced(function* () {
        const { out } = yield* Screen
        yield* out.line(script(yield* tree, shell))
      })
    }
  })
