/**
 * Measures what the verification notices in hostile scripts and how often it complains of harmless ones, by category and
 * beside `bash -n`, shfmt and shellcheck. From the root of the repository:
 *
 * ```sh
 * node --conditions=@privx-kit/source packages/ueba/corpus/detection.ts [--directory DIR] [--variants DIR] [--no-peers] [--missed]
 * ```
 *
 * A hostile script is noticed where a check fails or warns that does not for the carrier alone; a tool notices it where it
 * complains of something that it does not complain of in the carrier. `--variants` measures files of the same form in another
 * directory. `--missed` names what was not noticed, and the
 * harmless scripts that were.
 */
import { VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import * as Damage from "./Damage.ts"
import * as Peers from "./Peers.ts"
import * as Variants from "./Variants.ts"

const { values } = parseArgs({
  options: {
    directory: { type: "string" },
    variants: { type: "string" },
    "no-peers": { type: "boolean" },
    missed: { type: "boolean" }
  }
})
const print = (line = "") => process.stdout.write(`${line}\n`)
const percent = (part: number, whole: number): string =>
  whole === 0 ? "–" : `${((100 * part) / whole).toFixed(part === whole || part === 0 ? 0 : 1)} %`

interface Judged {
  readonly variant: Variants.Variant
  readonly refused: boolean
  /** The checks that failed or warned and did not for the carrier. */
  readonly by: ReadonlyArray<string>
  /** The names of the tools that complained. */
  readonly peers: ReadonlySet<string>
}

const complaintsOf = (report: VerificationReport.VerificationReport): ReadonlyArray<string> =>
  report.checks.filter(({ outcome }) => outcome === "failed" || outcome === "warned").map(({ name }) => name)

const inspect = (bytes: Uint8Array) => Effect.runPromise(VerifySetupScript.inspectSetupScript(bytes))

const judge = async (
  variants: ReadonlyArray<Variants.Variant>,
  peers: ReadonlyArray<Peers.Peer>,
  directory: string
): Promise<ReadonlyArray<Judged>> => {
  const complain = async (bytes: Uint8Array, shell: "sh" | "bash") => {
    const file = path.join(directory, "script")
    fs.writeFileSync(file, bytes)
    return Promise.all(peers.map(({ complaints }) => complaints(file, shell)))
  }
  const before = {
    sh: await complain(Variants.carrierOf("sh"), "sh"),
    bash: await complain(Variants.carrierOf("bash"), "bash")
  }
  const carrier = new Set(complaintsOf(await inspect(Variants.carrierOf("sh"))))
  const judged: Array<Judged> = []
  for (const variant of variants) {
    const report = await inspect(variant.bytes)
    const complaints = await complain(variant.bytes, variant.shell)
    judged.push({
      variant,
      refused: !report.verified,
      by: complaintsOf(report).filter((name) => !carrier.has(name)),
      peers: new Set(
        peers
          .filter((_, at) => [...(complaints[at] ?? [])].some((code) => before[variant.shell][at]?.has(code) !== true))
          .map(({ name }) => name)
      )
    })
  }
  return judged
}

/** Each harmless script, cut off three times: what a broken download leaves of a sound one. */
const cuts = (harmless: ReadonlyArray<Variants.Variant>): ReadonlyArray<Variants.Variant> => {
  const next = Damage.random(20_261_129)
  return harmless.flatMap((variant) =>
    [1, 2, 3].map((round) => ({
      ...variant,
      name: `${variant.name} cut ${round}`,
      category: "cut off anywhere",
      level: "plain" as const,
      bytes: variant.bytes.subarray(0, 1 + Math.floor(next() * (variant.bytes.length - 2)))
    }))
  )
}

const row = (name: string, level: string, judged: ReadonlyArray<Judged>, peers: ReadonlyArray<Peers.Peer>) => {
  const count = (holds: (one: Judged) => boolean) => percent(judged.filter(holds).length, judged.length)
  const cells = [
    name,
    level,
    String(judged.length),
    count(({ refused }) => refused),
    count(({ by }) => by.length > 0),
    ...peers.map((peer) => count((one) => one.peers.has(peer.name)))
  ]
  print(`| ${cells.join(" | ")} |`)
}

const main = async (directory: string): Promise<void> => {
  const peers = values["no-peers"] === true ? [] : await Peers.available(directory)
  const read = (category: string) => Variants.read(category, values.variants)
  const harmless = read("harmless")
  const judged = await judge(
    [...Variants.hostileCategories.flatMap(read), ...cuts(harmless), ...harmless],
    peers,
    directory
  )
  print(`| Category | spelling | scripts | refused | noticed |${peers.map(({ name }) => ` ${name} |`).join("")}`)
  print(`|---|---|---|---|---|${peers.map(() => "---|").join("")}`)
  for (const category of [...Variants.hostileCategories, "cut off anywhere", "harmless"]) {
    for (const level of ["plain", "obfuscated", "harmless"] as const) {
      const members = judged.filter(({ variant }) => variant.category === category && variant.level === level)
      if (members.length > 0) row(category, level, members, peers)
    }
  }
  if (values.missed !== true) return
  print()
  for (const { by, refused, variant } of judged) {
    if (variant.level === "harmless" ? by.length > 0 : by.length === 0) {
      print(
        `- ${variant.name}: ${by.length === 0 ? "not noticed" : `${refused ? "refused" : "noticed"} by ${by.join(", ")}`}`
      )
    }
  }
}

const temporary = values.directory === undefined
const directory = path.resolve(values.directory ?? fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-detection-")))
fs.mkdirSync(directory, { recursive: true })
try {
  await main(directory)
} finally {
  if (temporary) fs.rmSync(directory, { recursive: true, force: true })
}
