/**
 * Measures the verification on real shell scripts: how many sound ones it refuses, and how much damage it finds by the
 * content alone. From the root of the repository:
 *
 * ```sh
 * node --conditions=@privx-kit/source packages/ueba/corpus/main.ts [--directory DIR] [--seed N] [--each N]
 * node --conditions=@privx-kit/source packages/ueba/corpus/main.ts --only-large
 * ```
 *
 * Prints the Markdown of `docs/verification.md`. Exits with 1 if a figure is worse than the documented one.
 */
import { Checks, Sha256, VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import * as Damage from "./Damage.ts"
import { collect, type Script } from "./Scripts.ts"

const { values } = parseArgs({
  options: {
    directory: { type: "string" },
    seed: { type: "string" },
    each: { type: "string" },
    "only-large": { type: "boolean" },
    /** Asked of itself: one of these, in a process of its own. */
    large: { type: "string" }
  }
})
const seed = Number(values.seed ?? 20_261_122)
const each = Number(values.each ?? 2)
const print = (line = "") => process.stdout.write(`${line}\n`)

const inspect = (bytes: Uint8Array, options: VerifySetupScript.Options = {}) =>
  Effect.runPromise(VerifySetupScript.inspectSetupScript(bytes, { maxBytes: 16 * 1024 * 1024, ...options }))

const names = (report: VerificationReport.VerificationReport, outcome: VerificationReport.Outcome) =>
  new Set(VerificationReport.checksThat(outcome, report).map(({ name }) => name))

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(part === whole ? 0 : 1)} %`

/** What is measured against the promise: syntax and completeness. */
const promised = ["shellSyntax", "complete"]

const main = async (directory: string): Promise<boolean> => {
  const { leftOut, missing, scripts, used } = await collect(directory)
  const total = scripts.reduce((sum, { bytes }) => sum + bytes.length, 0)
  print(`Scripts: ${scripts.length}, ${(total / 1e6).toFixed(1)} MB, of ${used.length} packages; seed ${seed}.`)
  print()
  const intact = await sound(scripts)
  const misses = await damaged(scripts, intact)
  large()
  print()
  print(
    `Packages: ${used
      .map((file) =>
        decodeURIComponent(file)
          .replace(/_[^_]*$/, "")
          .replace("_", " ")
      )
      .join(", ")}.`
  )
  if (missing.length > 0) print(`\nNot to be had here: ${missing.join(", ")}.`)
  if (leftOut.length > 0) print(`\nLeft out: ${leftOut.join("; ")}.`)
  const alarms = [...intact.values()].filter((report) => promised.some((name) => names(report, "failed").has(name)))
  return scripts.length >= 300 && alarms.length / scripts.length <= 0.005 && misses === 0
}

/** Every check on every sound script. */
const sound = async (scripts: ReadonlyArray<Script>) => {
  const reports = new Map<Script, VerificationReport.VerificationReport>()
  const times: Array<number> = []
  for (const script of scripts) {
    const start = performance.now()
    reports.set(script, await inspect(script.bytes))
    times.push(performance.now() - start)
  }
  print("| Check | by itself | passed | failed | warned | did not apply |")
  print("|---|---|---|---|---|---|")
  for (const { name, requirement } of Checks.all) {
    const count = (outcome: VerificationReport.Outcome) =>
      [...reports.values()].filter((report) => names(report, outcome).has(name)).length
    const [passed, failed, warned, skipped] = (["passed", "failed", "warned", "notApplicable"] as const).map(count)
    print(`| \`${name}\` | ${requirement} | ${passed} | ${failed} | ${warned} | ${skipped} |`)
  }
  print()
  const refused = [...reports].filter(([, report]) => !report.verified)
  const alarms = refused.filter(([, report]) => promised.some((name) => names(report, "failed").has(name)))
  print(
    `False alarms of syntax and completeness: ${alarms.length} of ${scripts.length} (${percent(alarms.length, scripts.length)}); ` +
      `refused by any required check: ${refused.length}.`
  )
  for (const [{ name }, report] of refused) {
    for (const check of VerificationReport.checksThat("failed", report)) {
      print(`- ${name}: \`${check.name}\`, ${VerificationReport.renderFinding(check)}`)
    }
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => `${(times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1)} ms`
  print()
  print(`Time for all checks of one script: ${at(0.5)} for the median, ${at(0.99)} for 99 %, ${at(1)} for the slowest.`)
  print()
  return reports
}

/** Every kind of damage on every sound script that passes. Answers with how many the length or the digest missed. */
const damaged = async (
  scripts: ReadonlyArray<Script>,
  intact: ReadonlyMap<Script, VerificationReport.VerificationReport>
): Promise<number> => {
  print(
    "| What happened | cases | refused by content alone | refused or newly warned of | refused with length | refused with digest |"
  )
  print("|---|---|---|---|---|---|")
  let misses = 0
  for (const [index, kind] of Damage.kinds.entries()) {
    const next = Damage.random(seed + index)
    let cases = 0
    let refused = 0
    let noticed = 0
    let byLength = 0
    let sameLength = 0
    let byDigest = 0
    for (const script of scripts) {
      const before = intact.get(script)
      if (before === undefined || !before.verified) continue
      for (let round = 0; round < each; round++) {
        const bytes = kind.make(script.bytes, next)
        if (bytes === undefined || Buffer.compare(bytes, script.bytes) === 0) continue
        cases += 1
        const report = await inspect(bytes)
        const found = !report.verified
        if (found) refused += 1
        const warnedBefore = names(before, "warned")
        if (found || [...names(report, "warned")].some((name) => !warnedBefore.has(name))) noticed += 1
        // The other checks are known by now.
        if (bytes.length === script.bytes.length) sameLength += 1
        if (found || bytes.length !== script.bytes.length) byLength += 1
        const digest = await onlyDigest(bytes, script.bytes)
        if (digest.digest) byDigest += 1
        if (!digest.digest || digest.length !== (bytes.length !== script.bytes.length)) misses += 1
      }
    }
    const length = sameLength === cases ? "(same length)" : percent(byLength, cases)
    print(
      `| ${kind.name} | ${cases} | ${percent(refused, cases)} | ${percent(noticed, cases)} | ${length} | ${percent(byDigest, cases)} |`
    )
  }
  print()
  return misses
}

/** Whether the checks of digest and length find it, with nothing else looked at. */
const onlyDigest = async (bytes: Uint8Array, approved: Uint8Array) => {
  const report = await inspect(bytes, {
    sha256: Sha256.of(approved),
    announcedLength: approved.length,
    policy: { checks: onlyIntegrity }
  })
  return { digest: names(report, "failed").has("sha256Pin"), length: names(report, "failed").has("announcedLength") }
}

const onlyIntegrity = Object.fromEntries(
  Checks.all
    .filter(({ name }) => name !== "sha256Pin" && name !== "announcedLength")
    .map(({ name }) => [name, "off" as const])
)

const repeat = (unit: string, size: number) => unit.repeat(Math.floor(size / unit.length))

/** What such scripts do, with neither a comment nor a payload: the most work for its size that one written by people makes. */
const setupCode = fs.readFileSync(path.join(import.meta.dirname, "setupCode.sh"), "utf8")

/** Large and hostile ones. */
const inputs: Readonly<Record<string, () => string>> = {
  "10 MB, a payload in a here-document": () =>
    `#!/bin/sh\nbase64 -d > /tmp/payload <<'END'\n${repeat(`${"QUJD".repeat(19)}\n`, 10e6)}END\n`,
  "10 MB of `echo hello world`": () => `#!/bin/sh\n${repeat("echo hello world\n", 10e6)}`,
  "1 MB of a setup script's code": () => `#!/bin/sh\n${repeat(setupCode, 1e6)}`,
  "4 MB of a setup script's code": () => `#!/bin/sh\n${repeat(setupCode, 4e6)}`,
  "10 MB of a setup script's code": () => `#!/bin/sh\n${repeat(setupCode, 10e6)}`,
  "4 MB of dense code": () => `#!/bin/sh\n${repeat('if [ -f "$1" ]; then echo "hello" > /dev/null; fi\n', 4e6)}`,
  '4 MB of `"$(`': () => `#!/bin/sh\n${repeat('"$(', 4e6)}`,
  "4 MB of `*;`": () => `#!/bin/sh\n${repeat("*;", 4e6)}`,
  "4 MB of here-documents on one line": () => `#!/bin/sh\n${repeat("cat <<A ", 4e6)}`,
  "250 kB of the same": () => `#!/bin/sh\n${repeat("cat <<A ", 250e3)}`
}

const large = () => {
  print("| Large or hostile | time | CPU time | event loop held | memory at the most | `shellSyntax` |")
  print("|---|---|---|---|---|---|")
  for (const name of Object.keys(inputs)) {
    // A process for each: what was needed before does not count.
    const child = [...process.execArgv, import.meta.filename, "--large", name]
    print(execFileSync(process.execPath, child, { encoding: "utf8" }).trim())
  }
}

/** Time, how long the event loop waited at a time, and what the process needed, with all that is loaded. */
const measure = async (name: string) => {
  const bytes = new TextEncoder().encode(inputs[name]?.() ?? "")
  let held = 0
  let last = performance.now()
  const watch = setInterval(() => {
    held = Math.max(held, performance.now() - last - 5)
    last = performance.now()
  }, 5)
  const start = performance.now()
  const before = process.cpuUsage()
  const report = await inspect(bytes)
  const time = performance.now() - start
  // Of all threads.
  const { system, user } = process.cpuUsage(before)
  await new Promise((resolve) => setTimeout(resolve, 20))
  clearInterval(watch)
  const syntax = report.checks.find((check) => check.name === "shellSyntax")
  const memory = Math.round(process.resourceUsage().maxRSS / 1024)
  print(
    `| ${name} | ${(time / 1000).toFixed(2)} s | ${((system + user) / 1e6).toFixed(2)} s | ${held.toFixed(0)} ms | ${memory} MiB | ${syntax?.outcome}: ${syntax?.detail} |`
  )
}

if (values.large !== undefined) {
  await measure(values.large)
} else if (values["only-large"] === true) {
  large()
} else {
  const temporary = values.directory === undefined
  const directory = path.resolve(values.directory ?? fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-corpus-")))
  try {
    process.exitCode = (await main(directory)) ? 0 : 1
  } finally {
    if (temporary) fs.rmSync(directory, { recursive: true, force: true })
  }
}
