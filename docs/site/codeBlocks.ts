/**
 * The code blocks of the documents. TypeScript is quoted from examples that are compiled and run (`pnpm quotes`); here the other kinds:
 * JSON, YAML and TOML are parsed, and every command of privx-kit in a shell block is one that exists, with flags that it has. `pnpm
 * test:shells` runs them in bash, zsh and fish.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { parse as parseToml } from "smol-toml"
import { parseAllDocuments } from "yaml"
import { documents, read, root, type Problems } from "./pages.ts"

interface Block {
  readonly document: string
  readonly line: number
  readonly language: string
  readonly text: string
}

const blocks = (): ReadonlyArray<Block> =>
  documents().flatMap((document) => {
    const text = read(document)
    return [...text.matchAll(/^([ ]*)```(\S*)[^\n]*\n([\s\S]*?)^\1```/gm)].map((match) => ({
      document,
      line: text.slice(0, match.index).split("\n").length,
      language: match[2] ?? "",
      text: (match[3] ?? "").replaceAll(new RegExp(`^${match[1] ?? ""}`, "gm"), "")
    }))
  })

const place = ({ document, line }: Block): string => `${document}:${line}`

const parses = (block: Block, parse: (text: string) => unknown): Problems => {
  try {
    parse(block.text)
    return []
  } catch (error) {
    return [`${place(block)}: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`]
  }
}

/** `{ … }` stands for an object that a document leaves out. */
const json = (text: string): unknown => JSON.parse(text.replaceAll("{ … }", "{}"))

const yaml = (text: string): void => {
  for (const { errors } of parseAllDocuments(text)) if (errors[0] !== undefined) throw errors[0]
}

/** The flags of each command, from the generated reference. */
const commands = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const directory = path.join(root, "docs/reference/commands")
  const flagsOf = (text: string) => new Set([...text.matchAll(/--[a-z][\w-]*/g)].map(([flag]) => flag))
  const global = flagsOf(fs.readFileSync(path.join(directory, "index.md"), "utf8"))
  return new Map(
    fs
      .readdirSync(directory)
      .filter((file) => file !== "index.md")
      .flatMap((file) =>
        fs
          .readFileSync(path.join(directory, file), "utf8")
          .split(/^(?=#{1,2} privx-kit )/m)
          .flatMap((section): ReadonlyArray<readonly [string, ReadonlySet<string>]> => {
            const name = /^#{1,2} (privx-kit [\w -]+)$/m.exec(section)?.[1]
            const table = [...section.matchAll(/^\| `([^`]*--[^`]*)` \|/gm)].map(([, flags = ""]) => flags).join(" ")
            return name === undefined ? [] : [[name, new Set([...global, ...flagsOf(table)])]]
          })
      )
  )
}

const known = commands()

/** Words of a command line, without what is quoted or behind `--`. */
const wordsOf = (command: string): ReadonlyArray<string> =>
  command
    .replaceAll(/'[^']*'|"[^"]*"/g, "QUOTED")
    .replace(/\s+#.*$/, "")
    .split(/\s+/)

const commandProblems = (block: Block, command: string): Problems => {
  const [own = "", inner] = command.split(/ -- (.*)/s)
  const words = wordsOf(own).slice(wordsOf(own).indexOf("privx-kit"))
  const end = words.findIndex((word) => /^([|>&<]|2>)/.test(word))
  const all = end === -1 ? words : words.slice(0, end)
  const name = [4, 3, 2].map((count) => all.slice(0, count).join(" ")).find((one) => known.has(one))
  const flags = name === undefined ? undefined : known.get(name)
  const ahead = inner?.startsWith("privx-kit") === true ? commandProblems(block, inner) : []
  if (all.length === 1 || all[1]?.startsWith("-") === true || all[1] === "help") return ahead
  if (flags === undefined) return [`${place(block)}: no such command: ${all.slice(0, 4).join(" ")}`, ...ahead]
  return [
    ...all
      .filter((word) => word.startsWith("--"))
      .map((word) => word.replace(/=.*/, ""))
      .filter((flag) => flag !== "--help" && !flags.has(flag) && !flags.has(flag.replace("--no-", "--")))
      .map((flag) => `${place(block)}: ${name} has no flag ${flag}`),
    ...ahead
  ]
}

const shell = (block: Block): Problems =>
  block.text
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/^\$ /, "").trim())
    .filter((line) => /^(?:[A-Z_]+=\S+ )*privx-kit /.test(line))
    .flatMap((line) => commandProblems(block, line))

const of = (all: ReadonlyArray<Block>, languages: ReadonlyArray<string>) =>
  all.filter(({ language }) => languages.includes(language))

export const checks = (): ReadonlyArray<readonly [string, Problems]> => {
  const all = blocks()
  const count = (languages: ReadonlyArray<string>) => of(all, languages).length
  return [
    [`${count(["json"])} blocks of JSON are JSON`, of(all, ["json"]).flatMap((block) => parses(block, json))],
    [`${count(["yaml"])} blocks of YAML are YAML`, of(all, ["yaml"]).flatMap((block) => parses(block, yaml))],
    [`${count(["toml"])} blocks of TOML are TOML`, of(all, ["toml"]).flatMap((block) => parses(block, parseToml))],
    [
      `commands in ${count(["sh", "bash"])} shell blocks exist, with the flags that they have`,
      of(all, ["sh", "bash"]).flatMap(shell)
    ]
  ]
}
