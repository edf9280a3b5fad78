/** Everything that this team adds to privx-kit, in one value. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Domain from "privx-kit/Domain"
import * as DomainCommand from "privx-kit/DomainCommand"
import { secretRun, workflows } from "./SecretRun.ts"
import { Secrets } from "./SecretsApi.ts"
import { secretsSimulator } from "./SecretsSimulator.ts"

const list = DomainCommand.make("list", {
  of: "secrets",
  description: "List the secrets of the vault.",
  parameters: {},
  run: () => Secrets.use(({ list }) => list).pipe(Effect.provide(Secrets.layer)),
  toPerson: ({ items }, out) => Effect.forEach(items, ({ name }) => out.line(name), { discard: true })
})

const create = DomainCommand.durable("create", {
  of: "secrets",
  description: "Create a secret and confirm that the vault lists it.",
  parameters: { name: Flag.String("name").pipe(Flag.withDescription("Name of the secret")) },
  kind: secretRun,
  inputs: ({ name }) => ({ name }),
  toPerson: ({ count, name }, out) => out.line(`${name} is one of ${count} secrets.`)
})

const secrets = Command.make("secrets").pipe(
  Command.withDescription("Secrets of the PrivX vault."),
  Command.withSubcommands([list, create])
)

export const secretsDomain = Domain.make("secrets", {
  commands: [Domain.command(secrets)],
  runs: async () => ({ kinds: [secretRun], workflows }),
  failures: [{ tag: "SecretExists", code: 64, meaning: "the vault already has a secret with that name" }],
  simulator: async () => secretsSimulator
})
