/** `privx-kit serve`: what can be given, and what it means. The work is in the modules loaded on demand. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ConnectionFlags from "./ConnectionFlags.ts"
import * as DatabaseFlags from "./DatabaseFlags.ts"
import * as FleetHostsFlags from "./FleetHostsFlags.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"

const json = Flag.Boolean("json").pipe(
  Flag.withoutNegation,
  Flag.withDescription("Print one JSON document instead of text"),
  Flag.withDefault(false)
)

const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDescription(description), Flag.withDefault(false))

const token = Command.make(
  "token",
  {
    name: Flag.String("name").pipe(
      Flag.withMetavar("NAME"),
      Flag.withDescription("Whose it is: recorded with what is done with it"),
      Flag.filter(
        (name) => /^[\w.@+-]{1,64}$/.test(name),
        () => "1 to 64 letters, digits and . _ @ + -"
      )
    ),
    role: Flag.Literals("role", ["viewer", "operator", "approver", "admin"]).pipe(
      Flag.withDescription("What it allows")
    ),
    expires: Flag.String("expires").pipe(
      Flag.withMetavar("DATE"),
      Flag.withDescription("When it ends, e.g. 2027-01-31"),
      Flag.filterMap(
        (text) => {
          const date = new Date(text)
          return Number.isNaN(date.getTime()) ? Option.none() : Option.some(date)
        },
        () => "a date like 2027-01-31"
      ),
      Flag.optional
    ),
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./ServeToken.ts"))
    yield* run({ ...globals, ...input, expires: Option.getOrUndefined(input.expires) })
  })
).pipe(
  Command.withDescription(
    "Make a token for the server. Its entry for the token file, which holds only a hash, goes to standard output; the token " +
      "itself is shown once, on standard error, and kept nowhere."
  ),
  Command.withShortDescription("Make a token for the server"),
  Command.withExamples([
    { command: "privx-kit serve token --name ci --role operator >> tokens.toml" },
    { command: "privx-kit serve token --name mia --role approver --expires 2027-01-31 >> tokens.toml" }
  ])
)

export const serve = Command.make(
  "serve",
  {
    listen: Flag.String("listen").pipe(
      Flag.withMetavar("ADDRESS"),
      Flag.withDescription("Address and port to listen on (default 127.0.0.1:7443)"),
      Flag.withDefault("127.0.0.1:7443")
    ),
    tokens: Flag.String("tokens").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("TOML file with the tokens that are accepted; read again when it changes, and on SIGHUP"),
      Flag.optional
    ),
    tlsCert: Flag.String("tls-cert").pipe(
      Flag.withMetavar("PEM"),
      Flag.withDescription("Certificate of the server, with its chain"),
      Flag.optional
    ),
    tlsKey: Flag.String("tls-key").pipe(
      Flag.withMetavar("PEM"),
      Flag.withDescription("Private key of the certificate"),
      Flag.optional
    ),
    databaseUrl: DatabaseFlags.databaseUrl,
    hosts: Flag.String("hosts").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription(
        "Fleet file with the PrivX hosts that runs can be submitted for; can be repeated. Without it, --base-url"
      ),
      Flag.atLeast(0)
    ),
    ...FleetHostsFlags.flags,
    concurrency: Flag.Int("concurrency").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("How many runs are under way at a time, in its own data folder (default 8)"),
      Flag.filter(
        (count) => count > 0 && count <= 1000,
        () => "a number from 1 to 1000"
      ),
      Flag.withDefault(8)
    ),
    allowSelfApproval: flag("allow-self-approval", "Let somebody approve the script of a run that he asked for"),
    metricsOpen: flag("metrics-open", "Tell /metrics to whoever asks, without a token"),
    insecureNoAuth: flag("insecure-no-auth", "Ask for no token; only on a loopback address"),
    insecureListen: flag(
      "insecure-listen",
      "Listen without TLS where other machines can reach it: behind a proxy that has it"
    ),
    authorizeDownload: flag("authorize-download", "Send the token to PrivX with the download too"),
    ...ConnectionFlags.flags,
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./Serve.ts"))
    yield* run({
      ...ConnectionFlags.values(input, globals),
      ...globals,
      listen: input.listen,
      tokens: Option.getOrUndefined(input.tokens),
      tlsCert: Option.getOrUndefined(input.tlsCert),
      tlsKey: Option.getOrUndefined(input.tlsKey),
      databaseUrl: Option.getOrUndefined(input.databaseUrl),
      hosts: input.hosts,
      ...FleetHostsFlags.values(input),
      concurrency: input.concurrency,
      allowSelfApproval: input.allowSelfApproval,
      metricsOpen: input.metricsOpen,
      insecureNoAuth: input.insecureNoAuth,
      insecureListen: input.insecureListen,
      authorizeDownload: input.authorizeDownload,
      json: input.json
    })
  })
).pipe(
  Command.withDescription(
    "Serve set-ups to others over HTTP, of one PrivX or of fleets: submit, list, follow, cancel, retry, approve, and download " +
      "what came of them.\n\n" +
      "It holds the data folder and carries out itself what is submitted; nothing else has to be installed. With --database-url " +
      "it shares a Postgres database with other servers, and privx-kit worker carries out. Who may do what is " +
      "decided by tokens and their roles. The API is described at /openapi.json; /healthz, /readyz and /metrics are for those " +
      "who look after it. SIGTERM ends it in good order, with exit code 0: what is under way is gone on with at the next start."
  ),
  Command.withShortDescription("Serve set-ups to others over HTTP"),
  Command.withExamples([
    { command: "privx-kit serve token --name ci --role operator >> tokens.toml", description: "Somebody who may ask" },
    {
      command: "privx-kit serve --listen 0.0.0.0:7443 --tokens tokens.toml --tls-cert server.pem --tls-key server.key"
    },
    { command: "privx-kit runs list --server https://kit.example.com:7443", description: "From another machine" }
  ]),
  Command.withSubcommands([token]),
  Command.annotate(HelpSections.HelpSections, [HelpSections.settings, HelpSections.environment, HelpSections.exitCodes])
)
