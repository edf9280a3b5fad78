/**
 * What is generated of the documentation: the table of packages in the README, and the pages of `docs/reference` that come from
 * the program. `pnpm --filter privx-kit readme` writes them; a test fails when one has drifted.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Reference from "./reference.ts"
import * as Tables from "./tables.ts"

const root = path.join(import.meta.dirname, "..", "..", "..")

export const file = path.join(root, "README.md")

/** The README with its table of packages as it should be. */
export const refresh = (text: string): string =>
  text.replace(
    /(<!-- table: packages -->)[\s\S]*?(<!-- \/table -->)/,
    (_, open: string, close: string) => `${open}\n\n${Tables.packages()}\n\n${close}`
  )

if (import.meta.main) {
  fs.writeFileSync(file, refresh(fs.readFileSync(file, "utf8")))
  const pages = await Effect.runPromise(Reference.pages)
  for (const stale of Reference.present()) if (!pages.has(stale)) fs.rmSync(path.join(Reference.directory, stale))
  for (const [name, text] of pages) {
    fs.mkdirSync(path.dirname(path.join(Reference.directory, name)), { recursive: true })
    fs.writeFileSync(path.join(Reference.directory, name), text)
  }
}
