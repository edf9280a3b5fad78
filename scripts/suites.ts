/** Says which suites `pnpm test` leaves out: they take long, or install something first. */
import pkg from "../package.json" with { type: "json" }

const suites: Readonly<Record<string, string>> = {
  "test:crash": "two hundred processes killed at crash points and at random, on SQLite",
  "test:fuzz": "random and mutated input for decoders and header parsers, a hundred thousand cases",
  "test:postgres": "workers on Postgres, killed and taken over; brings a server from the registry"
}

const names = Object.keys(pkg.scripts).filter((name) => name.startsWith("test:") && name !== "test:scripts")
process.stdout.write("\nNot run: longer suites, each a command of its own.\n")
for (const name of names) process.stdout.write(`  pnpm ${name.padEnd(14)} ${suites[name] ?? ""}\n`)
