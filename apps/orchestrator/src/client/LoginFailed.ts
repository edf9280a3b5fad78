/** The sign-in of a person to a server has failed or ended. */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export const LoginReason = Schema.Literals([
  "denied",
  "timeout",
  "ended",
  "notOffered",
  "noDeviceFlow",
  "unreachable",
  "refused"
])

export type LoginReason = typeof LoginReason.Type

export class LoginFailed extends Failure.Class<LoginFailed>()(
  "LoginFailed",
  {
    /** Scheme, host and port of the server. */
    server: Schema.String,
    reason: LoginReason,
    /** The message of the issuer; may be empty. */
    detail: Schema.String
  },
  {
    message: ({ detail, reason, server }) =>
      `Cannot sign in to ${server}: ${what[reason]}${detail === "" ? "" : ` (${detail})`}.`,
    hint: ({ reason, server }) => hints[reason](server)
  }
) {}

const what: Record<LoginReason, string> = {
  denied: "the sign-in was cancelled, or the account may not use privx-kit",
  timeout: "no one signed in in time",
  ended: "the issuer no longer accepts this login",
  notOffered: "the server offers no sign-in to the command line",
  noDeviceFlow: "the issuer has no device flow for the command line",
  unreachable: "the issuer cannot be reached",
  refused: "the issuer refused the request"
}

const again = (server: string) => `Run privx-kit login --server ${server}.`

const hints: Record<LoginReason, (server: string) => string> = {
  denied: again,
  timeout: again,
  ended: again,
  notOffered: () =>
    "Use a token in PRIVX_KIT_SERVER_TOKEN, or start the server with --oidc-issuer and --oidc-cli-client-id.",
  noDeviceFlow: () => "Leave out --device, or allow the device flow for this client at the issuer.",
  unreachable: () => "Check the network, and NODE_EXTRA_CA_CERTS if the issuer has a CA of its own.",
  refused: () =>
    "Check how the client of the command line is registered at the issuer: a public client, with http://127.0.0.1/callback as redirect URI."
}
