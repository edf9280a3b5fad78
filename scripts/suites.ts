/** Says which suites `pnpm test` leaves out: they take long, or install something first. */
import pkg from "../package.json" with { type: "json" }

const suites: Readonly<Record<string, string>> = {
  "test:browser": "the web page in Chromium, on SQLite and Postgres; installs Chromium where it can",
  "test:crash": "two hundred processes killed at crash points and at random, on SQLite, and a thousand setups at once",
  "test:deploy": "the files of deploy/: checked, and their commands run as processes; installs bubblewrap",
  "test:fuzz":
    "random and mutated input for decoders and header parsers; that a verification costs no more than linear time",
  "test:hostile": "the worst that fits into a body, sent to a server whose health is measured meanwhile",
  "test:network": "hosts with several addresses, with delay and black holes, in network namespaces; needs root",
  "test:site": "the documentation as a site: links, spelling, code blocks, pages in a browser; installs Chromium",
  "test:shells": "commands of the documentation and completions in bash, zsh and fish; installs zsh and fish",
  "test:syscalls": "every command while a system call fails: full disk, missing right, broken disk, too many files",
  "test:postgres": "workers on Postgres, killed and taken over; brings a server from the registry"
}

const names = Object.keys(pkg.scripts).filter((name) => name.startsWith("test:") && name !== "test:scripts")
process.stdout.write("\nNot run: longer suites, each a command of its own.\n")
for (const name of names) process.stdout.write(`  pnpm ${name.padEnd(14)} ${suites[name] ?? ""}\n`)
