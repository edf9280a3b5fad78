/**
 * What a verification costs, part by part: reading the bytes, the parser with the analysis, and each check; and how the cost
 * grows with the script.
 *
 * Everything runs on the calling thread, and only the processor time of that thread is counted: neither other processes nor
 * the start of a thread have a part in it. What remains of a busy machine, caches that others have filled, only adds to a
 * measurement, so the least of several is the right one. Run it with `--max-semi-space-size=128`: the collector of garbage
 * else copies what a longer script keeps and a shorter one does not.
 */
import { Checks, VerifySetupScript } from "@privx-kit/ueba"
import type { Input } from "@privx-kit/ueba/Check"
import * as Sha256 from "@privx-kit/ueba/Sha256"
import * as SetupScript from "@privx-kit/ueba/SetupScript"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import * as parser from "unbash"
import { analyse } from "../src/internal/analysis.ts"
import { excessOf } from "../src/internal/syntax/excess.ts"
import type { ShellSyntax } from "../src/internal/syntax/shellSyntax.ts"
import { anchor } from "../test/SampleCertificates.ts"
import type { Shape } from "./Shapes.ts"

/** The first line is for a plain sh, so that the features of Bash are looked for as well. */
const shebang = "#!/bin/sh\n"

/** A script of `length` UTF-16 code units that consists of the input. */
const scriptOf = (shape: Shape, length: number): Uint8Array =>
  new TextEncoder().encode(`${shebang}${shape(length - shebang.length)}`)

const still = new Int32Array(new SharedArrayBuffer(4))

/** Milliseconds. A moment's rest first: the system brings the account up to date when the thread leaves the processor. */
const processorTime = (): number => {
  Atomics.wait(still, 0, 0, 0.3)
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1000
}

/** Of running `work` that many times, by itself. */
const costOf = (work: () => void, times = 1): number => {
  const before = processorTime()
  for (let time = 0; time < times; time++) work()
  return (processorTime() - before) / times
}

const fixture = (name: string): string => readFileSync(new URL(`../test/fixtures/${name}`, import.meta.url), "utf8")

/** Something to compare with, for each check that compares. */
const expected: Input["expected"] = {
  announcedLength: 1,
  sha256: Sha256.of(new Uint8Array()),
  knownDigests: [{ sha256: Sha256.of(new Uint8Array()) }],
  signature: { signature: fixture("signed.sh.minisig"), publicKey: fixture("minisign.pub") },
  configuration: { address: "ueba.example.com", trust_anchors: anchor },
  configurationUnknown: undefined,
  writePlaces: ["/opt/ueba"],
  capabilities: { writes: { allowed: ["/opt/*"], forbidden: ["/opt/ueba/keys"] }, others: "forbidden" },
  minBytes: 1,
  maxBytes: Number.POSITIVE_INFINITY
}

/** A part of the verification, ready to run on one script. */
type Part = readonly [name: string, run: () => void]

const read = (bytes: Uint8Array): SetupScript.SetupScript =>
  Effect.runSync(SetupScript.make(bytes, Number.POSITIVE_INFINITY))

const textOf = (bytes: Uint8Array): string => Result.getOrThrow(read(bytes).text)

/** @param syntax what the checks take for the analysis of the script: it has a part of its own */
const partsOf = (bytes: Uint8Array, syntax: ShellSyntax): ReadonlyArray<Part> => {
  const script = { ...read(bytes), syntax: Effect.succeed(Result.succeed(syntax)) }
  return [
    ["reading", () => void read(bytes)],
    ...Checks.all.map(({ name, run }): Part => [
      name,
      () => {
        const finding = run({ script, expected })
        if (Effect.isEffect(finding)) Effect.runSync(finding)
      }
    ])
  ]
}

/** How the cost of one part grows from a script to one that is four times as long. */
export interface Growth {
  readonly part: string
  /** UTF-16 code units of the shorter script. */
  readonly length: number
  /** Milliseconds of processor time: the least that was measured. */
  readonly one: number
  readonly four: number
  /** 1 where the cost grows as the script does, 4 where it grows with the square. Over two steps, where one is steep. */
  readonly ratio: number
}

/** The limit of a growth. */
export const steepest = 1.3

/**
 * Measures in turn, so that all meet the same machine, until the growth is within the limit or it is certain that it is not.
 * What is steep must be so over two steps: a step alone may be where a cache or the collector of garbage has its end.
 *
 * @param runs the part for a quarter of the length, for the length, and for four times as much
 */
const growthOf = (part: string, length: number, runs: Runs): Growth => {
  const quarter = measured(runs[0])
  const one = measured(runs[1])
  const four = measured(runs[2])
  let shorter = one()
  let longer = four()
  let ratio = longer / shorter / 4
  for (let round = 0; round < 12 && ratio > steepest; round++) {
    shorter = one()
    longer = four()
    ratio = Math.min(longer / shorter / 4, Math.sqrt(longer / quarter()) / 4)
  }
  return { part, length, one: shorter, four: longer, ratio }
}

/** Measures once more, and answers with the least that was measured until then. */
const measured = (run: () => void): (() => number) => {
  let best = Number.POSITIVE_INFINITY
  let times = 0
  return () => {
    // A first run is slower, which would hide a growth; what is short is measured several times over.
    if (times === 0) {
      run()
      times = Math.min(50, Math.ceil(10 / Math.max(0.2, costOf(run))))
    }
    best = Math.min(best, costOf(run, times))
    return best
  }
}

type Runs = readonly [quarter: () => void, one: () => void, four: () => void]

/** Code units of the shorter script. Four times that is just below the length from which on Node keeps texts in another way. */
const checked = 240 * 1024

/**
 * Milliseconds for the longer script. A check that needs less has no growth that matters: if it grew with the square, it would
 * need some 30 ms for the largest script that is read.
 */
const negligible = 2

/** How every part of the verification grows for an input; parts of a negligible cost are left out. */
export const growths = (shape: Shape): ReadonlyArray<Growth> => {
  const { growth, syntax } = growthOfAnalysis(shape)
  const four = partsOf(scriptOf(shape, 4 * checked), syntax)
  const costly = four.filter(([, run]) => costOf(run) > negligible)
  if (costly.length === 0) return growth
  const one = new Map(partsOf(scriptOf(shape, checked), syntax))
  const quarter = new Map(partsOf(scriptOf(shape, checked / 4), syntax))
  return [
    ...growth,
    ...costly.flatMap(([name, run]) => {
      const runs = [quarter.get(name), one.get(name)] as const
      return runs[0] === undefined || runs[1] === undefined ? [] : [growthOf(name, checked, [runs[0], runs[1], run])]
    })
  ]
}

/** At a length that the analysis needs some time for; nothing where it refuses the script. */
const growthOfAnalysis = (shape: Shape): { readonly growth: ReadonlyArray<Growth>; readonly syntax: ShellSyntax } => {
  const none = { growth: [], syntax: analyse(parser, `${shebang}echo a\n`, true) }
  for (let length = checked / 16; ; length *= 4) {
    const text = textOf(scriptOf(shape, length))
    const longer = textOf(scriptOf(shape, 4 * length))
    try {
      if (excessOf(longer) !== undefined) return none
      const syntax = analyse(parser, text, true)
      const one = () => void analyse(parser, text, true)
      if (length < checked && Math.min(costOf(one), costOf(one)) < 40) continue
      const shorter = textOf(scriptOf(shape, length / 4))
      const runs: Runs = [() => void analyse(parser, shorter, true), one, () => void analyse(parser, longer, true)]
      return { growth: [growthOf("analysis", length, runs)], syntax }
    } catch (error) {
      // What is nested more deeply than the stack is refused as that.
      if (error instanceof RangeError) return none
      throw error
    }
  }
}

/** Milliseconds of the work below on the machine that the limit of ten seconds was chosen for. */
const nominal = 250

/** How much slower this machine is at the moment than that one: others compete for its caches and its threads. */
export const slowness = (): number => {
  const text = readFileSync(new URL("setupCode.sh", import.meta.url), "utf8")
  const script = `${shebang}${text.repeat(Math.floor((256 * 1024) / text.length))}`
  const run = () => void analyse(parser, script, true)
  return Math.max(1, Math.min(costOf(run), costOf(run), costOf(run)) / nominal)
}

/**
 * A whole verification of as much as is read unless said otherwise: milliseconds of processor time of all threads, and what the
 * check of the syntax says.
 */
export const largestCost = async (shape: Shape): Promise<{ readonly time: number; readonly detail: string }> => {
  const limit = VerifySetupScript.defaultMaxBytes
  const sample = scriptOf(shape, 10_000)
  const bytes = scriptOf(shape, Math.floor((limit * 10_000) / sample.length)).subarray(0, limit)
  const { announcedLength, configuration, knownDigests, sha256, signature } = expected
  const options = { announcedLength, configuration, knownDigests, sha256, signature }
  const before = process.cpuUsage()
  const report = await Effect.runPromise(VerifySetupScript.inspectSetupScript(bytes, options))
  const { system, user } = process.cpuUsage(before)
  return {
    time: (system + user) / 1000,
    detail: report.checks.find(({ name }) => name === "shellSyntax")?.detail ?? ""
  }
}
