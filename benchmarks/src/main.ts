/**
 * privx-kit side by side with what a user would pick instead: prints tables, and writes what they are made of to
 * `results/<suite>.json`.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as Machine from "./Machine.ts"
import * as Options from "./Options.ts"

const results = new URL("../results/", import.meta.url)

const run = async (options: Options.Options): Promise<void> => {
  fs.mkdirSync(results, { recursive: true })
  for (const suite of options.suites) {
    const machine = Machine.facts()
    const measured = await measure(suite, options)
    console.log(measured.tables.join("\n"))
    const file = new URL(`${suite}${kind(options)}.json`, results)
    fs.writeFileSync(file, `${JSON.stringify({ suite, machine, ...measured.data }, null, 2)}\n`)
  }
}

/** What is not whole does not take the place of what is. */
const kind = (options: Options.Options): string =>
  options.quick ? ".quick" : options.only.length > 0 ? ".partial" : ""

const measure = async (suite: Options.Suite, options: Options.Options) => {
  switch (suite) {
    case "requests":
      return (await import("./requests/suite.ts")).run(options)
    case "errors":
      return (await import("./errors/suite.ts")).run(options)
    case "download":
      return (await import("./download/suite.ts")).run(options)
    case "workflows":
      return (await import("./workflows/suite.ts")).run(options)
    case "soak":
      return (await import("./soak/suite.ts")).run(options)
    case "keep-alive":
      return (await import("./keepAlive/suite.ts")).run(options)
  }
}

try {
  if (process.argv.includes("--help")) console.log(Options.usage)
  else await run(Options.parse(process.argv.slice(2), os.tmpdir()))
} catch (error) {
  if (!(error instanceof Options.UsageError)) throw error
  console.error(`${error.message}\n\n${Options.usage}`)
  process.exitCode = 2
}
