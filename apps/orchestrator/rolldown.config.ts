/**
 * The bundle behind `bin/privx-kit.cjs`: everything the program needs in a few files, so that it starts fast, and that
 * the package has no dependencies. Each `import()` in the sources becomes a file of its own, loaded when the command is run.
 */
import * as fs from "node:fs"
import { isBuiltin } from "node:module"
import * as path from "node:path"
import { defineConfig } from "rolldown"
import type { Plugin } from "rolldown"

/** The directory of the package that a module belongs to, or nothing when it is not an installed package. */
const packageDirectory = (id: string) => {
  const after = id.lastIndexOf("/node_modules/")
  if (after === -1) return undefined
  const [scope = "", name = ""] = id.slice(after + "/node_modules/".length).split("/")
  return path.join(id.slice(0, after), "node_modules", scope, scope.startsWith("@") ? name : "")
}

/** The licences of what is bundled ask for their text to travel with it. */
const notices = (): Plugin => ({
  name: "notices",
  generateBundle(_, bundle) {
    const directories = new Set<string>()
    for (const file of Object.values(bundle)) {
      if (file.type !== "chunk") continue
      for (const [id, { renderedLength }] of Object.entries(file.modules)) {
        const directory = renderedLength > 0 ? packageDirectory(id) : undefined
        if (directory !== undefined) directories.add(directory)
      }
    }
    const texts = [...directories].map((directory) => {
      const { license, name, version } = JSON.parse(fs.readFileSync(path.join(directory, "package.json"), "utf8"))
      const file = fs.readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry))
      const text = file === undefined ? "" : `\n${fs.readFileSync(path.join(directory, file), "utf8").trim()}\n`
      return `${name} ${version} (${license})\n${text}`
    })
    const source = texts.sort().join(`\n${"-".repeat(80)}\n\n`)
    this.emitFile({ type: "asset", fileName: "THIRD-PARTY-NOTICES.txt", source })
  }
})

/** The package has no dependencies: what leads out of the bundle would be missing on the user's machine. */
const closed = (): Plugin => ({
  name: "closed",
  transform(code, id) {
    if (
      packageDirectory(id) === undefined &&
      // They find the web page, which `build` copies beside the bundle, and a script in a directory of the package.
      !/\/(server\/DashboardFiles|serve\/RoleScript)\.ts$/.test(id) &&
      /new URL\([^)]*import\.meta\.url|import\.meta\.(resolve|dirname|filename)/.test(code)
    ) {
      this.error(`${id} looks for a file beside itself, which does not come into the bundle`)
    }
  },
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== "chunk") continue
      for (const name of [...file.imports, ...file.dynamicImports]) {
        if (!(name in bundle) && !isBuiltin(name))
          this.error(`${file.fileName} imports ${name}, which is not in the bundle`)
      }
    }
  }
})

/**
 * Effect makes the segmenter, with which it measures text, when its module is loaded. That reads tables of ICU, which takes
 * a twelfth of the time of `--help`, and most commands measure no text with it: here it is made at its first use.
 */
const lateSegmenter = (): Plugin => ({
  name: "late-segmenter",
  transform(code, id) {
    if (!id.endsWith("/effect/dist/cli/CliOutput.js")) return null
    const made = /const graphemeSegmenter = ([^;]*new Intl\.Segmenter\([^;]*\));/
    if (!made.test(code)) this.error(`${id} no longer makes its segmenter as this plugin expects`)
    return {
      code: code
        .replace(made, "let madeSegmenter\nconst graphemeSegmenter = () => (madeSegmenter ??= $1)")
        .replaceAll("graphemeSegmenter.segment(", "graphemeSegmenter().segment("),
      map: null
    }
  }
})

export default defineConfig({
  input: { main: "src/main.ts" },
  platform: "node",
  resolve: { conditionNames: ["@privx-kit/source", "node", "import", "module", "default"] },
  plugins: [notices(), closed(), lateSegmenter()],
  // A warning means that something will be undefined or missing when the program runs.
  onLog: (level, log, handle) => handle(level === "warn" ? "error" : level, log),
  output: {
    dir: "dist",
    cleanDir: true,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    // What every command needs is one file: each further one costs about a millisecond at start.
    codeSplitting: { groups: [{ name: "common", test: /\/cli\/Start\.ts$/ }] },
    topLevelVar: true,
    // Names stay as they are written: a stack trace in a report has to be readable, and shorter ones start no faster.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } }
  }
})
