/** CA certificates given by the user: read, split, and checked before anything relies on them. */
import { X509Certificate } from "node:crypto"
import * as fs from "node:fs/promises"
import type { Problem } from "./SettingsError.ts"

export interface Certificates {
  /** One PEM text for each certificate. */
  readonly pems: ReadonlyArray<string>
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
}

export const fromFiles = async (paths: ReadonlyArray<string>): Promise<Certificates> => {
  const all = await Promise.all(
    paths.map(async (path) => {
      try {
        return parse(await fs.readFile(path, "utf8"), path)
      } catch (cause) {
        const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"
        return {
          pems: [],
          warnings: [],
          problems: [
            {
              setting: `CA file ${path}`,
              problem: code === "ENOENT" ? "does not exist" : `cannot be read (${code})`,
              fix: code === "ENOENT" ? "Check the path." : "Check its permissions."
            }
          ]
        }
      }
    })
  )
  return {
    pems: all.flatMap(({ pems }) => pems),
    problems: all.flatMap(({ problems }) => problems),
    warnings: all.flatMap(({ warnings }) => warnings)
  }
}

/** @param origin where the text comes from, for messages */
export const parse = (text: string, origin: string): Certificates => {
  const blocks = blocksOf(text)
  const problems: Array<Problem> = []
  const warnings: Array<string> = []
  if (blocks.length === 0) {
    problems.push({
      setting: `CA certificate of ${origin}`,
      problem: "has no PEM certificate in it",
      fix: "Give a file with -----BEGIN CERTIFICATE----- blocks; DER is converted with: openssl x509 -inform der -in FILE"
    })
  }
  blocks.forEach((block, index) => {
    try {
      const certificate = new X509Certificate(block)
      if (certificate.validToDate.getTime() < Date.now()) {
        warnings.push(
          `${origin}: certificate ${index + 1} (${nameOf(certificate)}) expired on ${day(certificate.validToDate)}`
        )
      }
    } catch {
      problems.push({
        setting: `CA certificate ${index + 1} of ${origin}`,
        problem: "is damaged",
        fix: "Export it again."
      })
    }
  })
  return { pems: blocks, problems, warnings }
}

const begin = "-----BEGIN CERTIFICATE-----"
const end = "-----END CERTIFICATE-----"

/** A regular expression would look through the whole text for each beginning that has no end. */
const blocksOf = (text: string): ReadonlyArray<string> => {
  const blocks: Array<string> = []
  for (let from = 0; ;) {
    const start = text.indexOf(begin, from)
    const stop = start < 0 ? -1 : text.indexOf(end, start)
    if (stop < 0) return blocks
    from = stop + end.length
    blocks.push(text.slice(start, from))
  }
}

const nameOf = (certificate: X509Certificate): string => certificate.subject.replaceAll("\n", ", ")

const day = (date: Date): string => date.toISOString().slice(0, 10)
