/** The flags and help of `privx-kit demo`. */
import { exitsOf, variablesOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"

export const demo = lazyCommand("demo", {
  parameters: {},
  description:
    "Show the whole kit without a PrivX: a simulator over HTTPS, a UEBA setup that meets an overloaded server and is retried, a playback connection that is re-authenticated, and a request that is refused for good.\n\n" +
    "The demo takes a few seconds. Its files stay in a temporary directory, or in --data-dir.",
  shortDescription: "Show the whole kit, without a PrivX",
  examples: [{ command: "privx-kit demo" }],
  exitCodes: exitsOf.dataDirectory,
  settings: { own: variablesOf.dataDirectory },
  load: () => import("./Demo.ts").then(({ run }) => run)
})
