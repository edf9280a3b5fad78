/** The layers of a client, and a download into a file, with the simulator instead of a PrivX host. */
import * as AuthorizationCode from "@privx-kit/http/AuthorizationCode"
import { Connection } from "@privx-kit/http/Connection"
import * as FileDownload from "@privx-kit/http/FileDownload"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import type { ApiClient } from "@privx-kit/http/TokenSource"
import { Transport } from "@privx-kit/http/Transport"
import { Simulator } from "@privx-kit/simulator/Simulator"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"

// #region client
const privx = (where: { readonly baseUrl: URL; readonly ca: ReadonlyArray<string> }, client: ApiClient) =>
  Transport.layer.pipe(Layer.provide(TokenProvider.layerApiClient(client)), Layer.provide(Connection.layer(where)))
// #endregion

// #region login
export const login = AuthorizationCode.layer({
  authorizationUrl: new URL("https://id.example.com/auth"),
  tokenUrl: new URL("https://id.example.com/token"),
  issuer: "https://id.example.com",
  clientId: "privx-kit",
  scopes: ["openid", "offline_access"],
  open: (url) => Console.error(`Log in here: ${url.href}`)
})
// #endregion

// #region download
const download = Effect.fn(function* (target: string) {
  const ueba = yield* Ueba
  const session = yield* ueba.createSession
  return yield* FileDownload.toFile(target, (rest) => ueba.openSetupScript(session.id, rest))
})
// #endregion

const program = Effect.gen(function* () {
  const simulator = yield* Simulator.make({ tls: true })
  const directory = yield* Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-example-")))
  const client = privx({ baseUrl: simulator.url, ca: simulator.ca }, simulator.apiClient)
  const received = yield* download(path.join(directory, "setup.sh")).pipe(
    Effect.provide(Ueba.layer().pipe(Layer.provide(client))),
    Effect.ensuring(Effect.promise(() => fs.rm(directory, { recursive: true })))
  )
  yield* Console.log(`The setup script has ${received.bytes} bytes and the SHA-256 ${received.sha256}`)
})

await Effect.runPromise(Effect.scoped(program))
