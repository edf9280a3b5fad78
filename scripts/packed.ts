/** Every public package, packed and installed with npm into an empty project outside the workspace. Needs `pnpm build`. */
import * as fs from "node:fs"
import * as path from "node:path"
import { run } from "./checks.ts"

export const root = path.join(import.meta.dirname, "..")

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly description?: string
  readonly license?: string
  readonly type?: string
  readonly sideEffects?: boolean
  readonly files?: ReadonlyArray<string>
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
}

export const manifestOf = (directory: string): Manifest =>
  JSON.parse(fs.readFileSync(path.join(directory, "package.json"), "utf8"))

/** The directories of the packages that are published. */
export const packages = ["packages/*", "apps/*"]
  .flatMap((pattern) => fs.globSync(`${pattern}/package.json`, { cwd: root }))
  .sort()
  .map((file) => path.join(root, path.dirname(file)))
  .filter((directory) => manifestOf(directory).private !== true)

export const isLibrary = (manifest: Manifest): boolean => Object.keys(manifest.exports ?? {}).includes(".")

/** The version of a package in the catalog of the workspace. */
export const catalogVersion = (name: string): string => {
  const text = fs.readFileSync(path.join(root, "pnpm-workspace.yaml"), "utf8")
  return new RegExp(`^ {2}"?${name}"?: (.+)$`, "m").exec(text)?.[1] ?? "latest"
}

/** Packs one package. */
export const pack = (directory: string, into: string) => {
  const tarball = path.join(into, `${manifestOf(directory).name.replace("@", "").replace("/", "-")}.tgz`)
  return { tarball, ran: run("pnpm", ["pack", "--out", tarball], { cwd: directory }) }
}

/** Makes the project and installs the tarballs, and what a program upon them needs beside. */
export const install = (project: string, tarballs: ReadonlyArray<string>) => {
  fs.mkdirSync(project, { recursive: true })
  fs.writeFileSync(
    path.join(project, "package.json"),
    JSON.stringify({ name: "project", private: true, type: "module" })
  )
  const others = ["effect", "@types/node"].map((name) => `${name}@${catalogVersion(name)}`)
  return run("npm", ["install", "--no-audit", "--no-fund", ...tarballs, ...others], { cwd: project })
}
