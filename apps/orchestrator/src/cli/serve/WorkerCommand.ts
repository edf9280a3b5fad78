/** The flags and help of `privx-kit worker`. */
import * as Flag from "effect/cli/Flag"
import * as FleetHostsFlags from "../fleet/FleetHostsFlags.ts"
import * as ConnectionFlags from "../flags/ConnectionFlags.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import { lazyCommand } from "../LazyCommand.ts"
import * as DatabaseFlags from "./DatabaseFlags.ts"
import * as MinimumPolicyFlags from "../flags/MinimumPolicyFlags.ts"

export const worker = lazyCommand("worker", {
  parameters: {
    ...ConnectionFlags.flags,
    databaseUrl: DatabaseFlags.databaseUrl,
    hosts: FlagKinds.texts(
      "hosts",
      "FILE",
      "Fleet file with the PrivX hosts of the runs; can be repeated. Without it, --base-url"
    ),
    ...FleetHostsFlags.flags,
    ...MinimumPolicyFlags.flags,
    concurrency: FlagKinds.positive(
      "concurrency",
      "Number of runs that this worker executes at the same time (default 64)"
    ).pipe(Flag.withDefault(64)),
    advertise: FlagKinds.required(
      "advertise",
      "HOST[:PORT]",
      "Where the other workers reach this one, over TLS (default 127.0.0.1 and a free port: one machine)"
    ).pipe(Flag.withDefault("127.0.0.1")),
    listen: FlagKinds.text("listen", "ADDRESS", "Address to listen on, if not the advertised one, e.g. 0.0.0.0"),
    signingKey: FlagKinds.text(
      "signing-key",
      "PEM",
      "Ed25519 key that signs attestations (default: the key of this machine)"
    ),
    json: FlagKinds.toggle("json", "Print one line of JSON for each run that ends (NDJSON)")
  },
  description:
    "Execute the runs of a shared Postgres database, together with any number of other workers, until Ctrl-C or SIGTERM. The worker then stops gracefully and exits with code 0.\n\n" +
    "Runs are submitted to privx-kit serve. If a worker dies, other workers resume its runs within a few seconds. A worker that stops claims no new runs; other workers resume the runs that it does not finish within five seconds.\n\n" +
    "Submitted fleets name their hosts and where the credentials are. --fleet-hosts, --fleet-env and --fleet-secrets say which hosts, variables and files they may name. For the hosts of --hosts, the settings of that file apply.\n\n" +
    "Over their ports, workers only tell each other to read the database, with TLS and a key that is stored in the database. Start all workers of a database with the same hosts.",
  shortDescription: "Execute the runs of a shared database",
  examples: [
    { command: "privx-kit worker --hosts fleet.yaml" },
    {
      command: "privx-kit worker --hosts fleet.yaml --advertise worker-1.internal:34431 --listen 0.0.0.0",
      description: "One of several machines"
    },
    {
      command: "privx-kit worker --fleet-hosts '*.example.com' --fleet-secrets /run/secrets",
      description: "For submitted fleets"
    }
  ],
  exitCodes: ["settings", "storage", "listen", "database"],
  settings: { privx: true, own: ["dataDir", "config", "signingKey", "keepRuns", "databaseUrl"] },
  load: () => import("./RunWorker.ts").then(({ run }) => run)
})
