/** `privx-kit worker`: what can be given, and what it means. The work is in the module loaded on demand. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ConnectionFlags from "./ConnectionFlags.ts"
import * as DatabaseFlags from "./DatabaseFlags.ts"
import * as FleetHostsFlags from "./FleetHostsFlags.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"

export const worker = Command.make(
  "worker",
  {
    ...ConnectionFlags.flags,
    databaseUrl: DatabaseFlags.databaseUrl,
    hosts: Flag.String("hosts").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription(
        "Fleet file with the PrivX hosts that runs may be of; can be repeated. Without it, --base-url"
      ),
      Flag.atLeast(0)
    ),
    ...FleetHostsFlags.flags,
    concurrency: Flag.Int("concurrency").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("How many runs this worker takes from the queue at a time (default 64)"),
      Flag.filter(
        (count) => count > 0,
        () => "a number above 0"
      ),
      Flag.withDefault(64)
    ),
    advertise: Flag.String("advertise").pipe(
      Flag.withMetavar("HOST[:PORT]"),
      Flag.withDescription(
        "Where the other workers reach this one, over plain TCP (default 127.0.0.1 and a free port: one machine)"
      ),
      Flag.withDefault("127.0.0.1")
    ),
    listen: Flag.String("listen").pipe(
      Flag.withMetavar("ADDRESS"),
      Flag.withDescription("The address to listen on, where it is not the advertised one, e.g. 0.0.0.0"),
      Flag.optional
    ),
    signingKey: Flag.String("signing-key").pipe(
      Flag.withMetavar("PEM"),
      Flag.withDescription("Ed25519 key that signs attestations; without it, one of this machine's own"),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one line of JSON for each run that ends (NDJSON)"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./Worker.ts"))
    yield* run({
      ...ConnectionFlags.values(input, globals),
      ...globals,
      databaseUrl: Option.getOrUndefined(input.databaseUrl),
      hosts: input.hosts,
      ...FleetHostsFlags.values(input),
      concurrency: input.concurrency,
      advertise: input.advertise,
      listen: Option.getOrUndefined(input.listen),
      signingKey: Option.getOrUndefined(input.signingKey),
      json: input.json
    })
  })
).pipe(
  Command.withDescription(
    "Carry out the runs of a shared Postgres database, together with any number of other workers, until Ctrl-C or SIGTERM.\n\n" +
      "Runs come from privx-kit serve. When a worker dies, the others go on with its runs within a few seconds. Asked to " +
      "end, it takes nothing new, and leaves what it does not finish within five seconds to the others.\n\n" +
      "Runs of fleets that are handed over say themselves where their hosts and the credentials are. Which hosts, variables " +
      "and files these may be is said by --fleet-hosts, --fleet-env and --fleet-secrets; what --hosts has is reached as it " +
      "says there.\n\n" +
      "Workers talk to each other over plain TCP without passwords: keep that on a private network. All workers of a " +
      "database must be given the same hosts."
  ),
  Command.withShortDescription("Carry out the runs of a shared database"),
  Command.withExamples([
    { command: "privx-kit worker --hosts fleet.yaml" },
    {
      command: "privx-kit worker --hosts fleet.yaml --advertise worker-1.internal:34431 --listen 0.0.0.0",
      description: "One of several machines"
    },
    {
      command: "privx-kit worker --fleet-hosts '*.example.com' --fleet-secrets /run/secrets",
      description: "For fleets that are handed over"
    }
  ]),
  Command.annotate(HelpSections.HelpSections, [HelpSections.settings, HelpSections.environment, HelpSections.exitCodes])
)
