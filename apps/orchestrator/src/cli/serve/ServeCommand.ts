/** The flags and help of `privx-kit serve …`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import * as FleetHostsFlags from "../fleet/FleetHostsFlags.ts"
import * as ConnectionFlags from "../flags/ConnectionFlags.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import { exitsOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"
import * as OidcFlags from "./OidcFlags.ts"
import * as DatabaseFlags from "./DatabaseFlags.ts"
import * as MinimumPolicyFlags from "../flags/MinimumPolicyFlags.ts"

const token = lazyCommand("token", {
  parameters: {
    name: FlagKinds.required("name", "NAME", "Name of the owner; it is recorded with every action").pipe(
      Flag.filter(
        (name) => /^[\w.@+-]{1,64}$/.test(name),
        () => "1 to 64 letters, digits and . _ @ + -"
      )
    ),
    role: Flag.Literals("role", ["viewer", "operator", "approver", "admin"]).pipe(
      Flag.withDescription("Role of the token")
    ),
    expires: FlagKinds.required("expires", "DATE", "Date on which the token expires, e.g. 2027-01-31").pipe(
      Flag.filterMap(
        (text) => {
          const date = new Date(text)
          return Number.isNaN(date.getTime()) ? Option.none() : Option.some(date)
        },
        () => "a date like 2027-01-31"
      ),
      Flag.optional
    ),
    json: FlagKinds.json
  },
  description:
    "Create a token for the server. Standard output gets the entry for the token file, which holds only a hash. The token itself is shown once, on standard error, and stored nowhere.",
  shortDescription: "Create a token for the server",
  examples: [
    { command: "privx-kit serve token --name ci --role operator >> tokens.toml" },
    { command: "privx-kit serve token --name mia --role approver --expires 2027-01-31 >> tokens.toml" }
  ],
  exitCodes: ["storage"],
  load: () => import("./ServeToken.ts").then(({ run }) => run)
})

export const serve = lazyCommand("serve", {
  parameters: {
    listen: FlagKinds.required("listen", "ADDRESS", "Address and port to listen on (default 127.0.0.1:7443)").pipe(
      Flag.withDefault("127.0.0.1:7443")
    ),
    tokens: FlagKinds.text(
      "tokens",
      "FILE",
      "TOML file with the accepted tokens; read again when it changes, and on SIGHUP"
    ),
    tlsCert: FlagKinds.text("tls-cert", "PEM", "Certificate of the server, with its chain"),
    tlsKey: FlagKinds.text("tls-key", "PEM", "Private key of the certificate"),
    databaseUrl: DatabaseFlags.databaseUrl,
    hosts: FlagKinds.texts(
      "hosts",
      "FILE",
      "Fleet file with the PrivX hosts that runs can be submitted for; can be repeated. Without it, --base-url"
    ),
    ...FleetHostsFlags.flags,
    ...MinimumPolicyFlags.flags,
    concurrency: FlagKinds.positive(
      "concurrency",
      "Number of runs that execute at the same time, with a data directory (default 8)"
    ).pipe(
      Flag.filter(
        (count) => count <= 1000,
        () => "a number from 1 to 1000"
      ),
      Flag.withDefault(8)
    ),
    allowSelfApproval: FlagKinds.toggle(
      "allow-self-approval",
      "Let people approve the scripts of runs that they submitted"
    ),
    ...OidcFlags.flags,
    metricsOpen: FlagKinds.toggle("metrics-open", "Serve /metrics without a token"),
    insecureNoAuth: FlagKinds.toggle("insecure-no-auth", "Require no token; only on a loopback address"),
    insecureListen: FlagKinds.toggle(
      "insecure-listen",
      "Listen without TLS on an address that other machines can reach, behind a proxy that terminates TLS"
    ),
    authorizeDownload: FlagKinds.toggle("authorize-download", "Also send the token to PrivX with the download"),
    ...ConnectionFlags.flags,
    json: FlagKinds.json
  },
  description:
    "Serve setups of one PrivX host or of fleets over HTTP: submit, list, follow, cancel, retry and approve runs, and download their results.\n\n" +
    "The server uses a data directory and executes the submitted runs itself; nothing else needs to be installed. With --database-url, it shares a Postgres database with other servers, and privx-kit worker executes the runs. Tokens and their roles decide who may do what. /openapi.json describes the API; /healthz, /readyz and /metrics are for operations.\n\n" +
    "On SIGTERM the server stops gracefully and exits with code 0. Unfinished runs resume at the next start.",
  shortDescription: "Serve setups over HTTP",
  examples: [
    { command: "privx-kit serve token --name ci --role operator >> tokens.toml", description: "Create a token" },
    {
      command: "privx-kit serve --listen 0.0.0.0:7443 --tokens tokens.toml --tls-cert server.pem --tls-key server.key"
    },
    { command: "privx-kit runs list --server https://kit.example.com:7443", description: "From another machine" }
  ],
  exitCodes: ["settings", ...exitsOf.dataDirectory, "listen", "database"],
  settings: { privx: true, own: ["dataDir", "config", "signingKey", "keepRuns", "databaseUrl"] },
  load: () => import("./Serve.ts").then(({ run }) => run)
}).pipe(Command.withSubcommands([token]))
