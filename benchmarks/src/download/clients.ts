/** All ways to download by name. Modules are loaded only where they are measured. */

import type { Download } from "./Download.ts"

const node = () => import("./nodeClients.ts")
const effect = () => import("./effectClients.ts")

export const clients = {
  "got.stream": async () => (await node()).got,
  "undici pipeline": async () => (await node()).undiciPipeline,
  "undici dispatch, sync write": async () => (await node()).undiciDispatch,
  "raw socket, sync write": async () => (await node()).rawSocket,
  "Effect on undici": async () => (await effect()).effectClient,
  "kit (stream)": async () => (await effect()).kitStream,
  "kit (file, not forced)": async () => (await effect()).kitFileUnforced,
  "kit (file)": async () => (await effect()).kitFile
} satisfies Readonly<Record<string, () => Promise<Download>>>

/** What one would type into a shell instead: `$0` is the URL, `$1` the file. The first word printed is the hash. */
export const shells = {
  "curl && sha256sum": 'curl -sS -o "$1" "$0" && sha256sum "$1"',
  "curl | tee | openssl": 'curl -sS "$0" | tee "$1" | openssl dgst -sha256 -r',
  "curl | tee | openssl, sync": 'curl -sS "$0" | tee "$1" | openssl dgst -sha256 -r && sync "$1"'
} as const

export type ClientName = keyof typeof clients
export type ShellName = keyof typeof shells
export type Name = ShellName | ClientName

export const clientNames = Object.keys(clients) as ReadonlyArray<ClientName>
export const shellNames = Object.keys(shells) as ReadonlyArray<ShellName>
export const names: ReadonlyArray<Name> = [...shellNames, ...clientNames]

export const reference: Name = "curl | tee | openssl"
