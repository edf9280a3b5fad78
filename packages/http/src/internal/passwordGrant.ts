/**
 * The token request of an API client, as both official SDKs send it: form `grant_type=password&username=…&password=…`,
 * `Authorization: Basic` with the OAuth client.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Connection } from "../Connection.ts"
import type { ApiClient, Source } from "../TokenSource.ts"
import * as Login from "./login.ts"
import * as TokenResponse from "./tokenResponse.ts"

const credentials = {
  client: "the OAuth client's id and secret (oauth_client_id, oauth_client_secret)",
  account: "the API client's id and secret (api_client_id, api_client_secret)"
}

export const source = (connection: Connection["Service"], client: ApiClient): Source => {
  const oauthClientId = client.oauthClientId ?? "privx-external"
  const authorization = Login.basic(oauthClientId, client.oauthClientSecret)
  const path = connection.pathPrefix + (client.tokenPath ?? "/auth/api/v1/oauth/token")

  return {
    // An unused token does no harm.
    login: Login.run(connection, { kind: "password", safeToRepeat: true, credentials }, (send) =>
      Effect.flatMap(
        send({
          method: "POST",
          path,
          authorization,
          body: Login.form({
            grant_type: "password",
            username: client.clientId,
            password: Redacted.value(client.clientSecret)
          }),
          secrets: [client.clientSecret, client.oauthClientSecret]
        }),
        TokenResponse.read
      )
    ),
    refresh: (refreshToken) =>
      Login.refresh(connection, {
        path,
        credentials,
        refreshToken,
        authorization,
        fields: { client_id: oauthClientId },
        secrets: [client.oauthClientSecret]
      })
  }
}
