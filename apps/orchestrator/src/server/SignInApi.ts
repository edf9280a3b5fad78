/** The sign-in of people and programs: the only part of the API that requires no authentication. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Problem from "./Problem.ts"

const SignIn = Schema.Struct({
  tokens: Schema.Boolean.annotate({ description: "Whether the server has tokens of its own" }),
  oidc: Schema.NullOr(
    Schema.Struct({
      issuer: Schema.String,
      /** Starts the sign-in of a browser. */
      login: Schema.String.annotate({ description: "Where a browser begins to sign in" }),
      commandLine: Schema.NullOr(
        Schema.Struct({
          clientId: Schema.String.annotate({ description: "Id of the public client at the issuer" }),
          scope: Schema.String.annotate({ description: "Scopes to request" }),
          resource: Schema.NullOr(Schema.String).annotate({
            description: "Resource indicator (RFC 8707) to request; null: the audience of the server is no URI"
          })
        })
      ).annotate({
        description: "How privx-kit login signs in; null: the server has no client for the command line"
      })
    })
  ).annotate({ description: "The OpenID Connect issuer; null: none is set" })
}).annotate({ identifier: "SignIn" })

export const signIn = HttpApiGroup.make("signIn")
  .annotateMerge(OpenApi.annotations({ description: "How people and programs sign in." }))
  .add(
    HttpApiEndpoint.get("methods", "/sign-in", {
      success: SignIn,
      error: [Problem.TooLarge, Problem.Broken, Problem.Unavailable]
    }).annotateMerge(OpenApi.annotations({ summary: "Show how to sign in", description: "Requires no token." }))
  )
  .prefix("/api/v1")
