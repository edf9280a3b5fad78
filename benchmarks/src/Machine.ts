/** The facts without which a figure says little. Nothing that names the machine or its owner. */
import * as fs from "node:fs"
import * as os from "node:os"

const peers = [
  "effect",
  "@effect/platform-node",
  "@effect/sql-pg",
  "@dbos-inc/dbos-sdk",
  "undici",
  "got",
  "ky",
  "axios",
  "openapi-fetch",
  "ajv",
  "typebox",
  "valibot",
  "zod"
]

export interface Facts {
  readonly date: string
  readonly node: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  /** How busy the machine was when this was asked: the 1-minute load average. */
  readonly load: number
  readonly versions: Readonly<Record<string, string>>
}

export const facts = (): Facts => ({
  date: new Date().toISOString(),
  node: process.version,
  platform: `${os.platform()} ${os.release()} ${os.arch()}`,
  cpu: os.cpus()[0]?.model ?? "unknown",
  cores: os.availableParallelism(),
  memoryGiB: Math.round(os.totalmem() / 1024 ** 3),
  load: os.loadavg()[0] ?? 0,
  versions: Object.fromEntries(peers.map((name) => [name, versionOf(name)]))
})

/** Some packages do not export their `package.json`. */
const versionOf = (name: string): string => {
  const manifest: unknown = JSON.parse(
    fs.readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")
  )
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "?"
}
