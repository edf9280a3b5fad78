/** The tables of the documentation that come from data of the program: settings, exit codes, failures, packages. */
import * as ApiError from "@privx-kit/core/ApiError"
import * as ErrorCode from "@privx-kit/core/ErrorCode"
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as TransportError from "@privx-kit/http/TransportError"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as fs from "node:fs"
import * as path from "node:path"
import * as ExitCode from "../src/cli/ExitCode.ts"
import * as HelpSections from "../src/cli/HelpSections.ts"

const root = path.join(import.meta.dirname, "..", "..", "..")

export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

/** Texts as sentences, one after the other: each with an end of its own. */
export const sentences = (...texts: ReadonlyArray<string | undefined>): string =>
  texts
    .filter((text) => text !== undefined && text !== "")
    .map((text) => (/[.!?…]$/.test(text ?? "") ? text : `${text}.`))
    .join(" ")

export const exitCodes = () =>
  table(
    ["Code", "Meaning", "The same command, later"],
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

export const failures = () => {
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

export const settings = () =>
  table(
    ["Setting", "What it is", "Flag", "Environment", "Config file"],
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

export const environment = () =>
  table(
    ["Variable", "Meaning"],
    HelpSections.environment.rows.map(([names, description]) => [
      names
        .split(", ")
        .map((name) => `\`${name}\``)
        .join(", "),
      description
    ])
  )

export const packages = () =>
  table(
    ["Package", "What it is"],
    [
      "apps/orchestrator",
      ...[
        "client",
        "core",
        "http",
        "ueba",
        "playback",
        "simulator",
        "settings",
        "durable",
        "runs",
        "artifacts",
        "files",
        "create-domain"
      ].map((name) => `packages/${name}`)
    ].map((directory) => {
      const { description, name } = JSON.parse(fs.readFileSync(path.join(root, directory, "package.json"), "utf8"))
      return [`[\`${name}\`](${directory})`, description]
    })
  )
