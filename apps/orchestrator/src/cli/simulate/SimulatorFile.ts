/**
 * The settings of a simulator as a config file of privx-kit. If a simulator finds the file of an earlier one, it keeps
 * its credentials, playback session and port. Other terminals and containers then need no new settings after a restart.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { fromSystem } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import type { ApiClient } from "@privx-kit/simulator/ApiClient"
import * as TomlFile from "@privx-kit/settings/TomlFile"
import { sentence } from "@privx-kit/settings/ProblemText"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs/promises"
import { UsageError } from "../UsageError.ts"

/** The first line of every written file. A file without it is never replaced. */
const signature = "# Written by privx-kit simulate."

const sessionLine = /^# PRIVX_PLAYBACK_SESSION_ID=(\S+)$/m

/** The settings that a simulator takes over from the file of an earlier one. */
export interface Kept {
  readonly apiClient: Partial<ApiClient>
  readonly port: number | undefined
  readonly playbackSession: string | undefined
}

const nothing: Kept = { apiClient: {}, port: undefined, playbackSession: undefined }

/** Reads the file of an earlier simulator. Fails with `UsageError` if no simulator has written the file. */
export const read = Effect.fnUntraced(function* (
  file: string | undefined
): Effect.fn.Return<Kept, StorageFailed | UsageError> {
  if (file === undefined) return nothing
  const text = yield* Effect.tryPromise({ try: () => textOf(file), catch: fromSystem(file) })
  if (text === undefined) return nothing
  if (!text.startsWith(signature)) {
    return yield* new UsageError({
      command: "privx-kit simulate",
      problems: [`${file} exists and was not written by privx-kit simulate. Choose another file for --write-config.`]
    })
  }
  const { problems, values } = yield* TomlFile.read(file, true)
  if (problems.length > 0) {
    return yield* new UsageError({
      command: "privx-kit simulate",
      problems: problems.map((problem) => `${sentence(problem)} ${problem.fix}`)
    })
  }
  const secret = (key: "clientSecret" | "oauthClientSecret") => {
    const value = values.get(key)
    return value === undefined ? {} : { [key]: Redacted.make(value, { label: key }) }
  }
  const id = (key: "clientId" | "oauthClientId") => {
    const value = values.get(key)
    return value === undefined ? {} : { [key]: value }
  }
  const port = Number(URL.parse(values.get("baseUrl") ?? "")?.port ?? "")
  return {
    apiClient: {
      ...id("clientId"),
      ...secret("clientSecret"),
      ...id("oauthClientId"),
      ...secret("oauthClientSecret")
    },
    port: port > 0 ? port : undefined,
    playbackSession: sessionLine.exec(text)?.[1]
  }
})

const textOf = async (file: string): Promise<string | undefined> => {
  try {
    return await fs.readFile(file, "utf8")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

/** Writes the file with access only for this account. */
export const write = (
  file: string,
  settings: {
    readonly url: string
    readonly ca: string
    readonly apiClient: ApiClient
    readonly playbackSession: string
  }
): Effect.Effect<void, StorageFailed> =>
  DurableFile.write(file, new TextEncoder().encode(text(settings)), { owner: "simulator" })

const text = ({ apiClient, ca, playbackSession, url }: Parameters<typeof write>[1]): string =>
  [
    `${signature} Use it with --config, or with PRIVX_KIT_CONFIG.`,
    "# The next privx-kit simulate --write-config with this file keeps its credentials and its port.",
    `# PRIVX_PLAYBACK_SESSION_ID=${playbackSession}`,
    "[api]",
    `base_url = ${JSON.stringify(url)}`,
    ...(ca === "" ? [] : [`api_ca_crt = """\n${ca.trim()}\n"""`]),
    "",
    "[auth]",
    `api_client_id = ${JSON.stringify(apiClient.clientId)}`,
    `api_client_secret = ${JSON.stringify(Redacted.value(apiClient.clientSecret))}`,
    `oauth_client_id = ${JSON.stringify(apiClient.oauthClientId)}`,
    `oauth_client_secret = ${JSON.stringify(Redacted.value(apiClient.oauthClientSecret))}`,
    ""
  ].join("\n")
