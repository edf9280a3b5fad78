/** Creates the package of a domain from the template, inside this repository or as a separate project. */
import * as fs from "node:fs"
import * as path from "node:path"

export interface Domain {
  /** In lower case with dashes, e.g. `host-groups`: the name of the command and the prefix of the paths. */
  readonly name: string
  /** The name of the package on npm. */
  readonly packageName: string
  /** `outside`: a separate project that uses the published packages. `inside`: a package of this repository. */
  readonly place: "inside" | "outside"
}

/** The dependencies of a separate project, in addition to the packages of this repository. */
export const versions = {
  effect: "^4.1.0",
  typesNode: "^26.6.7",
  typescript: "^7.0.2",
  vitest: "^5.1.1"
} as const

/** Why a name cannot be used; `undefined` for a good one. */
export const whyNotName = (name: string): string | undefined => {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return "use lower-case letters, digits and dashes, e.g. host-groups"
  if (name.length > 40) return "use at most 40 characters"
  if (reserved.has(name)) return "this word is reserved by JavaScript or privx-kit"
  return undefined
}

/** Reserved words, and existing commands of privx-kit. */
const reserved = new Set([
  ..."await break case catch class const continue debugger default delete do else enum export extends false".split(" "),
  ..."finally for function if import in instanceof new null return super switch this throw true try typeof".split(" "),
  ..."var void while with yield let static list create items error path".split(" "),
  ..."ueba playback fleet runs artifacts serve worker simulate doctor openapi demo config".split(" ")
])

/** Why a package name cannot be used; `undefined` for a good one. */
export const whyNotPackageName = (name: string): string | undefined =>
  name.length <= 214 && /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/.test(name)
    ? undefined
    : "use lower-case letters, digits, dashes and dots, optionally with a scope, e.g. @acme/privx-host-groups"

const words = (name: string): ReadonlyArray<string> => name.split("-")
const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

/** @param version the version of the packages that the project uses */
const filling = ({ name, packageName }: Domain, version: string): ReadonlyMap<string, string> => {
  const [first = "", ...rest] = words(name)
  const title = words(name).join(" ")
  return new Map([
    ["name", name],
    ["Name", words(name).map(capital).join("")],
    ["camel", first + rest.map(capital).join("")],
    ["title", title],
    ["Title", capital(title)],
    ["package", packageName],
    ["version", version],
    ...Object.entries(versions)
  ])
}

const fill = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(/__(\w+?)__/g, (whole, key: string) => values.get(key) ?? whole)

const template = path.join(import.meta.dirname, "../template")

/** The version of this package, which equals the version of the packages that a project uses. */
const ownVersion = (): string => {
  const manifest: { readonly version: string } = JSON.parse(
    fs.readFileSync(path.join(import.meta.dirname, "../package.json"), "utf8")
  )
  return manifest.version
}

/**
 * Writes the package to a new directory, and returns the relative paths of its files.
 *
 * Throws errors of the system unchanged.
 */
export const generate = (domain: Domain, directory: string): ReadonlyArray<string> => {
  const values = filling(domain, ownVersion())
  const files = ["common", domain.place].flatMap((part) =>
    fs
      .readdirSync(path.join(template, part), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(template, path.join(entry.parentPath, entry.name)))
  )
  fs.mkdirSync(path.dirname(directory), { recursive: true })
  fs.mkdirSync(directory)
  return files
    .map((file) => {
      // npm excludes files with this name from packages.
      const target = fill(file.split(path.sep).slice(1).join(path.sep), values).replace(/\.tmpl$/, "")
      const name = target === "gitignore" ? ".gitignore" : target
      fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
      fs.writeFileSync(path.join(directory, name), fill(fs.readFileSync(path.join(template, file), "utf8"), values))
      return name
    })
    .sort()
}
