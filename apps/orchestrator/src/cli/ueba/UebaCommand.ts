/** `privx-kit ueba …`: the commands of UEBA. */
import * as Command from "effect/cli/Command"
import { start, stop, train } from "./UebaAnalysisCommands.ts"
import { datasets } from "./UebaDatasetCommands.ts"
import { config, settings, status } from "./UebaServiceCommands.ts"
import { bootstrap } from "./UebaBootstrapCommand.ts"
import { inspect } from "./UebaInspectCommand.ts"
import { setup } from "./UebaSetupCommand.ts"

export const ueba = Command.make("ueba").pipe(
  Command.withDescription(
    "Set up UEBA (user and entity behaviour analytics), and operate it: configuration, datasets, training, analysis."
  ),
  Command.withShortDescription("Set up and operate UEBA (user and entity behaviour analytics)"),
  Command.withSubcommands([bootstrap, setup, inspect, status, config, settings, datasets, train, start, stop])
)
