/** Loads the config file before there is a command line to report its failures. */
import * as Failure from "@privx-kit/core/Failure"
import * as ConfigFile from "./ConfigFile.ts"

/** The program exits with the code for invalid settings. */
export const loadOrExit = (file: string, exitCode = 3): Promise<ConfigFile.Loaded> =>
  ConfigFile.load(file).catch((error: unknown) => {
    if (!(error instanceof ConfigFile.ConfigFileFailed)) throw error
    process.stderr.write(`${Failure.render(error)}\n`)
    // oxlint-disable-next-line unicorn/no-process-exit -- nothing has been started
    process.exit(exitCode)
  })
