/**
 * The tables of the root README that come from data of the program: settings, exit codes, failures, packages.
 *
 * A table stands between `<!-- table: name -->` and `<!-- /table -->`. `pnpm --filter privx-kit readme` writes them; a test
 * says where one has drifted.
 */
import * as ApiError from "@privx-kit/core/ApiError"
import * as ErrorCode from "@privx-kit/core/ErrorCode"
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as TransportError from "@privx-kit/http/TransportError"
import * as fs from "node:fs"
import * as path from "node:path"
import * as HelpSections from "../src/commands/HelpSections.ts"
import * as ExitCode from "../src/ExitCode.ts"
import * as Catalogue from "../src/settings/Catalogue.ts"

const root = path.join(import.meta.dirname, "..", "..", "..")

export const file = path.join(root, "README.md")

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const exitCodes = () =>
  table(
    ["Code", "When", "The same again, later"],
    ExitCode.names.map((name) => {
      const { code, meaning, passes } = ExitCode.table[name]
      return [String(code), meaning, passes ? "can succeed" : ""]
    })
  )

/** The statuses that PrivX documents, and those of an overloaded one and of a proxy before it. */
const statuses = [400, 401, 403, 404, 500, 503]

const across = <A>(failures: ReadonlyArray<PrivxFailure>, of: (failure: PrivxFailure) => A): ReadonlyArray<A> => [
  ...new Set(failures.map(of))
]

const retried = (failures: ReadonlyArray<PrivxFailure>): string => {
  const answers = across(failures, (failure) => RetryPolicy.isRetryable(failure, true))
  return answers.length > 1 ? "5xx" : answers[0] === true ? "yes" : ""
}

const exitCodesOf = (failures: ReadonlyArray<PrivxFailure>): string =>
  across(failures, (failure) => ExitCode.table[ExitCode.of(failure)].code)
    .toSorted((a, b) => a - b)
    .join(", ")

const row = (tag: string, code: string, failures: ReadonlyArray<PrivxFailure>) => [
  `\`${tag}\``,
  code,
  retried(failures),
  exitCodesOf(failures)
]

const failures = () => {
  const operation = "Ueba.createSession"
  const answered = [...ErrorCode.all, "ANYTHING_ELSE"].map((code) => {
    const all = statuses.map((status) => ApiError.make({ code, details: [] }, { status, operation }))
    const listed = ErrorCode.isErrorCode(code) ? `\`${code}\`` : "any other `error_code`"
    return row(all[0]?._tag ?? "", listed, all)
  })
  const unexpected = [200, ...statuses].map(
    (status) => new UnexpectedResponse({ operation, status, reason: "html", excerpt: "" })
  )
  const transport = TransportError.Reason.literals.map((reason) =>
    row(`TransportError ${reason}`, "no answer", [
      new TransportError.TransportError({ operation, reason, origin: "", detail: "" })
    ])
  )
  return table(
    ["Failure", "PrivX answers", "Retried", "Exit code"],
    [...answered, row("UnexpectedResponse", "no error body: empty, HTML, …", unexpected), ...transport]
  )
}

const settings = () =>
  table(
    ["Setting", "What it is", "Flag", "Environment", "TOML file"],
    Catalogue.keys.map((key) => {
      const { description, environment, file, flag, title } = Catalogue.get(key)
      return [
        title,
        description,
        flag === undefined ? "" : `\`${flag}\``,
        environment.map((name) => `\`${name}\``).join(" or "),
        file === undefined ? "" : `\`[${file[0]}] ${file[1]}\``
      ]
    })
  )

const { playbackSession } = Catalogue.ownEnvironment

const environment = () =>
  table(
    ["Environment", "What it is"],
    [...HelpSections.environment.rows, [playbackSession.name, playbackSession.description] as const].map(
      ([names, description]) => [
        names
          .split(", ")
          .map((name) => `\`${name}\``)
          .join(", "),
        description
      ]
    )
  )

const packages = () =>
  table(
    ["Package", "What it is"],
    [
      "packages/core",
      "packages/http",
      "packages/ueba",
      "packages/playback",
      "packages/simulator",
      "apps/orchestrator"
    ].map((folder) => {
      const { description, name } = JSON.parse(fs.readFileSync(path.join(root, folder, "package.json"), "utf8"))
      return [`[\`${name}\`](${folder})`, description]
    })
  )

const tables: Readonly<Record<string, () => string>> = {
  "exit codes": exitCodes,
  environment,
  failures,
  packages,
  settings
}

/** The text with every table as it should be. Throws for a table of an unknown name, and where one is missing. */
export const refresh = (text: string): string => {
  const missing = new Set(Object.keys(tables))
  const refreshed = text.replace(
    /(<!-- table: ([\w ]+) -->)[\s\S]*?(<!-- \/table -->)/g,
    (_, open: string, name: string, close: string) => {
      const make = tables[name]
      if (make === undefined) throw new Error(`there is no table "${name}"`)
      missing.delete(name)
      return `${open}\n\n${make()}\n\n${close}`
    }
  )
  if (missing.size > 0) throw new Error(`the README has no table ${[...missing].join(", ")}`)
  return refreshed
}

if (import.meta.main) fs.writeFileSync(file, refresh(fs.readFileSync(file, "utf8")))
