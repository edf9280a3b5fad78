/** Requests that try to overload a server: the most expensive body of each kind. */
import { createHash } from "node:crypto"

export interface Input {
  readonly name: string
  readonly path: string
  readonly as: "viewer" | "operator"
  readonly body: string
}

/** The largest body of a fleet, and of a run, in bytes; what is around the text takes some. */
const ofFleet = 4 * 1024 * 1024 - 200
const ofRun = 1024 * 1024 - 200

/** A text of about that many bytes as JSON has it. */
const repeated = (text: string, bytes = ofFleet): string =>
  text.repeat(Math.floor(bytes / (JSON.stringify(text).length - 2)))

const numbered = (line: (index: number) => string, bytes = ofFleet): string => {
  const lines: Array<string> = []
  for (let index = 0, size = 0; ; index++) {
    const next = line(index)
    size += JSON.stringify(next).length - 2
    if (size > bytes) return lines.join("")
    lines.push(next)
  }
}

const fleet = (name: string, rest: Readonly<Record<string, unknown>>): Input => ({
  name,
  path: "/api/v1/fleets/plan",
  as: "viewer",
  body: JSON.stringify(rest)
})

const definition = (name: string, text: string): Input => fleet(`definition: ${name}`, { definition: text })

const run = (name: string, body: string): Input => ({
  name: `run: ${name}`,
  path: "/api/v1/runs",
  as: "operator",
  body
})

const host = (index: number, rest = ""): string =>
  `  - { name: h${index}, base_url: "https://h${index}.example.com", credentials: { token_env: T }${rest} }\n`

const head = "version: 1\nname: big\nhosts:\n"

/** A fleet as large as the kit promises to take. */
export const tenThousand = head + Array.from({ length: 10_000 }, (_, index) => host(index)).join("")

const pem = (index: number): string => {
  const text = createHash("sha512").update(String(index)).digest("base64").repeat(8)
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`
}

export const definitions: ReadonlyArray<Input> = [
  definition("27 nested keys", `${"? ".repeat(27)}a`),
  definition("keys that are maps", `${"? {a: ".repeat(30)}b${"}".repeat(30)}`),
  definition("keys that are nested, to the end", repeated("? ")),
  definition("single quotes", repeated("'")),
  definition("double quotes", repeated('"')),
  definition("quoted texts", repeated("'' ")),
  definition("open lists", repeated("[")),
  definition("open maps", repeated("{a: ")),
  definition("dashes", repeated("- ")),
  definition("dashes and line ends", repeated("-\n")),
  definition("line ends", repeated("\n")),
  definition("blanks", repeated(" ")),
  definition(
    "steps to the right",
    numbered((index) => `${" ".repeat(index)}a:\n`)
  ),
  definition("colons", repeated(": ")),
  definition("commas", `hosts: [${repeated("a,")}`),
  definition("scalars among the hosts", `version: 1\nname: a\nhosts:\n${repeated("- a\n", ofFleet - 100)}`),
  definition("empty maps among the hosts", `version: 1\nname: a\nhosts: [${repeated("{},", ofFleet - 100)}]`),
  definition(
    "anchors",
    numbered((index) => `- &a${index} x\n`)
  ),
  definition("aliases", `- &a x\n${repeated("- *a\n", ofFleet - 100)}`),
  definition(
    "aliases of nothing",
    numbered((index) => `- *a${index}\n`)
  ),
  definition(
    "ten times ten times ten",
    Array.from({ length: 30 }, (_, level) => `a${level}: &a${level} [${`*a${level - 1},`.repeat(10)}]\n`).join("")
  ),
  definition("brought in again and again", `a: &a { x: 1 }\nb:\n${repeated("  <<: *a\n", ofFleet - 100)}`),
  definition(
    "names of one map",
    numbered((index) => `k${index}: 1\n`)
  ),
  definition("the same name", repeated("a: 1\n")),
  definition("tags", repeated("!a !b ")),
  definition("directives", repeated("%TAG ! a\n")),
  definition("documents", repeated("---\n")),
  definition("comments", repeated("#\n")),
  definition("block scalars", repeated("- |\n")),
  definition("carriage returns", repeated("\r")),
  definition("byte order marks", repeated("\ufeff")),
  definition("one long word", repeated("a")),
  definition("JSON that ends early", `{"hosts":[${repeated("0,", ofFleet - 100)}`),
  definition("JSON of many values", `{"hosts":[${repeated("0,", ofFleet - 100)}0]}`),
  definition("JSON of many maps", `{"version":1,"name":"a","hosts":[${repeated('{"name":1},', ofFleet - 100)}{}]}`),
  definition(
    "as many hosts as fit",
    head + numbered((index) => `- {name: h${index}, base_url: "https://h${index}"}\n`)
  ),
  definition("ten thousand hosts", tenThousand),
  definition(
    "labels",
    head + numbered((index) => host(index, `, labels: { a${index}: b, c: d${index} }`), ofFleet - 99)
  ),
  fleet("patterns", {
    definition: tenThousand,
    only: Array.from({ length: 500 }, (_, index) => `*a*b*c*${"d*".repeat(80)}${index}`),
    labels: Array.from({ length: 500 }, (_, index) => `a=${index}`)
  }),
  fleet("certificates", {
    definition: `${head}${host(1, ", ca_file: ca.pem")}`,
    certificates: { "ca.pem": numbered(pem, ofFleet - 400) }
  }),
  fleet("certificates that begin", {
    definition: `${head}${host(1, ", ca_file: ca.pem")}`,
    certificates: { "ca.pem": repeated("-----BEGIN CERTIFICATE-----\n", ofFleet - 400) }
  }),
  fleet("certificates for each host", {
    definition: head + Array.from({ length: 10_000 }, (_, index) => host(index, ", ca_file: ca.pem")).join(""),
    certificates: { "ca.pem": numbered(pem, 300_000) }
  }),
  fleet("as much as is taken for each host", {
    definition: head + Array.from({ length: 10_000 }, (_, index) => host(index, ", policy: p")).join(""),
    policies: { p: { configuration: { address: "a", trust_anchors: "x".repeat(3000) } } }
  })
]

export const bodies: ReadonlyArray<Input> = [
  ...(["[", '{"a":', '"', "\\", "0,", "[],", '"a":1,', "null,"] as const).flatMap((text) => [
    { ...definition(`the body is ${text}`, ""), body: text.repeat(Math.floor(ofFleet / text.length)) },
    run(`the body is ${text}`, text.repeat(Math.floor(ofRun / text.length)))
  ]),
  run("a policy of many digests", `{"policy":{"knownDigests":[${'"a",'.repeat(250_000)}"a"]}}`),
  run("a policy of many names", `{"policy":{"checks":{${numberedNames()}}}}`),
  run("a policy that is deep", `{"policy":{"configuration":${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}}}`),
  run(
    "trust anchors",
    JSON.stringify({ policy: { configuration: { address: "a", trust_anchors: numbered(pem, ofRun - 200) } } })
  ),
  run("a long target", JSON.stringify({ target: `https://${"a.".repeat(400_000)}` }))
]

function numberedNames(): string {
  return Array.from({ length: 80_000 }, (_, index) => `"a${index}":1`).join(",")
}

const words = [
  ..."?:-,[]{}&*!|>'\"%@`#<\\ \n\t\r",
  "a",
  "? ",
  "- ",
  "&a ",
  "*a ",
  "<<: *a\n",
  "hosts:\n",
  "  ",
  "\n  - ",
  "a: ",
  "---\n",
  "''",
  '""',
  "{}",
  "[]",
  "\u2028",
  "\ufeff",
  "!!map ",
  "0x7",
  "~"
]

/** Something else each time, and the same for the same seed: a few words, over and over, one part after another. */
export const random = (seed: number): Input => {
  let state = seed * 2654435761
  const next = (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2246822507) + 0x9e3779b9) | 0
    return (state >>> 0) % below
  }
  const parts = 1 + next(4)
  const texts = Array.from({ length: parts }, () =>
    repeated(Array.from({ length: 1 + next(6) }, () => words[next(words.length)]).join(""), ofFleet / parts)
  )
  return definition(`seed ${seed}`, texts.join("").slice(0, ofFleet))
}
