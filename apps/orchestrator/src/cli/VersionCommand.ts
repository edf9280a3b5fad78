/** `privx-kit version`: the versions of the program, of Node and of the system, for bug reports. */
import * as Effect from "effect/Effect"
import * as os from "node:os"
import { Domains } from "../domain/Domains.ts"
import * as FlagKinds from "./flags/FlagKinds.ts"
import { lazyCommand } from "./LazyCommand.ts"
import * as Outcome from "./Outcome.ts"

export interface Versions {
  readonly version: string
  readonly node: string
  readonly system: string
  /** Names of the domains, including those of a privx-kit.config file. */
  readonly domains: ReadonlyArray<string>
}

export const versions = (version: string): Effect.Effect<Versions, never, Domains> =>
  Effect.map(Domains, ({ names }) => ({
    version,
    node: process.versions.node,
    system: `${os.platform()} ${os.release()} ${os.arch()}`,
    domains: names
  }))

/** @param program the version of privx-kit */
export const version = (program: string) =>
  lazyCommand("version", {
    parameters: { json: FlagKinds.json },
    description:
      "Show the versions of privx-kit, Node.js and the operating system. privx-kit --version prints the version of privx-kit only.",
    shortDescription: "Show versions",
    examples: [{ command: "privx-kit version" }, { command: "privx-kit version --json" }],
    exitCodes: ["storage"],
    load:
      async ({ json, verbose }) =>
      () =>
        versions(program).pipe(
          Outcome.report<Versions>({
            command: "version",
            json,
            verbose,
            toJson: (result) => result,
            toPerson: ({ domains, node, system, version }, out) =>
              out.line(`privx-kit ${version}\nNode.js ${node}\n${system}\ndomains: ${domains.join(", ")}`)
          })
        )
  })
