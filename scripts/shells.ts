/**
 * The command line in bash, zsh and fish: each shell block of the documentation means the same in each, pasted as a whole, and
 * completions offer commands, global flags, files, ids of runs and hosts. Installs zsh and fish with apt-get where they are missing and can be
 * installed; a shell that is missing is named as skipped.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Checks } from "./checks.ts"

const root = path.join(import.meta.dirname, "..")
const main = path.join(root, "apps/orchestrator/src/main.ts")

const work = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-shells-"))
process.on("exit", () => fs.rmSync(work, { recursive: true, force: true }))

const isThere = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0

if (!["zsh", "fish"].every(isThere) && process.getuid?.() === 0) {
  spawnSync("apt-get", ["update", "-q"], { stdio: "ignore" })
  spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", "zsh", "fish"], { stdio: "ignore" })
}

const shells = ["bash", "zsh", "fish"].filter((shell) => {
  if (isThere(shell)) return true
  process.stdout.write(`skipped: ${shell} is not installed, and cannot be installed here\n`)
  return false
})

/** Programs of the documentation; each records its name and arguments instead of running the real program. */
const programs =
  "privx-kit npm npx pnpm node docker kubectl systemctl ssh scp curl jq openssl sha256sum diff sudo install psql apt-get secret-tool security".split(
    " "
  )

/** Programs that a block may use as they are. */
const real = ["cat", "wc", "base64", "chmod", "mkdir"]

const bin = path.join(work, "bin")
fs.mkdirSync(bin)
const noted = path.join(work, "arguments")
const program = (name: string, text: string) => fs.writeFileSync(path.join(bin, name), text, { mode: 0o755 })
// One line for each call, in one piece: the programs of a pipe write at the same time.
const note = `line=$(printf '%s\\037' "\${0##*/}" "$@"); printf '%s\\n' "$line" >>"${noted}"`
for (const name of programs) program(name, `#!/bin/sh\n${note}\n`)
program(
  "privx-kit",
  `#!/bin/sh
if [ "$1 $2 $3" = "runs list --ids" ]; then printf '1f0c-first\\n2f0c-second\\n'; exit; fi
if [ "$1 $2 $3" = "runs list --targets" ]; then printf 'https://privx.example.com\\n'; exit; fi
if [ "$1 $2 $3" = "artifacts list --ids" ]; then printf '9f86d081-script\\n'; exit; fi
${note}
`
)
program("less", "#!/bin/sh\ncat >/dev/null\n")
for (const name of real) {
  const found = (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .map((directory) => path.join(directory, name))
    .find((file) => fs.existsSync(file))
  if (found === undefined) throw new Error(`there is no ${name} on this machine`)
  fs.symlinkSync(found, path.join(bin, name))
}

const environment = { HOME: work, LANG: "C.UTF-8", TERM: "dumb", PS1: "", PS2: "" }

const run = (shell: string, script: string, directory: string) =>
  spawnSync(shell, [shell === "zsh" ? "--no-rcs" : shell === "fish" ? "--no-config" : "--norc", "-c", script], {
    cwd: directory,
    encoding: "utf8",
    input: "",
    timeout: 120_000,
    env: { ...environment, PATH: `${bin}:${process.env["PATH"]}` }
  })

/** Where a shell is; the directory of the stand-ins is the whole PATH of a block. */
const places = new Map(
  shells.map((shell) => [shell, spawnSync("sh", ["-c", `command -v ${shell}`], { encoding: "utf8" }).stdout.trim()])
)

/** A block as it is pasted: zsh reads it as at its prompt, where a `#` starts no comment. */
const paste = (shell: string, block: string, directory: string) =>
  spawnSync(
    places.get(shell) ?? shell,
    shell === "zsh"
      ? ["--no-rcs", "-o", "no_prompt_sp", "-o", "no_zle", "-i", "-s"]
      : shell === "fish"
        ? ["--no-config", "-c", block]
        : ["--norc", "-c", block],
    { cwd: directory, encoding: "utf8", input: shell === "zsh" ? block : "", env: { ...environment, PATH: bin } }
  )

/** The shell blocks of a document, without prompts and without the output that follows a prompt. */
const blocksOf = (file: string): ReadonlyArray<{ readonly line: number; readonly text: string }> => {
  const document = fs.readFileSync(path.join(root, file), "utf8")
  return [...document.matchAll(/^( *)```(?:sh|bash|shell|console)\n([\s\S]*?)^\1```/gm)].map((match) => {
    const lines = (match[2] ?? "").replaceAll(new RegExp(`^${match[1]}`, "gm"), "").split("\n")
    const prompted = lines.filter((line) => line.startsWith("$ "))
    return {
      line: document.slice(0, match.index).split("\n").length,
      text: `${(prompted.length === 0 ? lines : prompted).map((line) => line.replace(/^\$ /, "")).join("\n")}\n`
    }
  })
}

const documents = [
  ...fs.globSync("*.md", { cwd: root }),
  ...fs.globSync("{packages,apps}/*/README.md", { cwd: root }),
  ...fs.globSync("docs/{*.md,{tutorial,how-to,explanation,reference,decisions}/**/*.md}", { cwd: root })
]
  .filter((file) => !file.startsWith(path.join("docs", "reference", "packages")))
  .toSorted()

const checks = new Checks()

for (const file of documents) {
  for (const { line, text } of blocksOf(file)) {
    const results = shells.map((shell) => {
      fs.rmSync(noted, { force: true })
      const directory = fs.mkdtempSync(path.join(work, "directory-"))
      // What a block reads, or an earlier command of it makes.
      fs.mkdirSync(path.join(directory, "host-groups"))
      for (const name of ["session-id.txt", "session-ids.txt", "credentials.json"])
        fs.writeFileSync(path.join(directory, name), "")
      const { status, stderr } = paste(shell, text, directory)
      const calls = fs.existsSync(noted) ? fs.readFileSync(noted, "utf8").split("\n").toSorted() : []
      return { shell, status, stderr: stderr.trim(), words: calls.join("\n").replaceAll("\u001F", " ") }
    })
    const [first] = results
    const wrong = results.filter(
      ({ status, stderr, words }) => status !== 0 || stderr !== "" || words === "" || words !== first?.words
    )
    checks.check(
      `${file}:${line}: ${text.split("\n")[0]}`,
      wrong.map(({ shell, status, stderr, words }) => `${shell}: exit code ${status}, ${stderr || words}`)
    )
  }
}

const scripts = path.join(work, "completions")
fs.mkdirSync(scripts)
for (const shell of shells) {
  const { stdout } = spawnSync(process.execPath, ["--conditions=@privx-kit/source", main, "completion", shell], {
    encoding: "utf8"
  })
  fs.writeFileSync(path.join(scripts, shell === "zsh" ? "_privx-kit" : shell), stdout)
}

const directory = path.join(work, "files")
fs.mkdirSync(directory)
fs.writeFileSync(path.join(directory, "fleet.yaml"), "")

const bash = `source ${scripts}/bash
line=$LINE; COMP_LINE=$line; COMP_WORDS=($line); COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); COMP_POINT=\${#COMP_LINE}
_privx_kit privx-kit "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"; printf '%s\\n' "\${COMPREPLY[@]}"`

/** A zsh with a terminal of its own: its completion works in no other. */
const zsh = `zmodload zsh/zpty
zpty -b z zsh --no-rcs -i
zpty -w z "PS1=; unsetopt zle_bracketed_paste; fpath=(${scripts} \\$fpath); autoload -U compinit; compinit -u -D; cd ${directory}; zstyle ':completion:*' list-colors ''; print REA''DY"
zpty -r z output '*READY*'
output=
zpty -n -w z "$LINE"$'\\t\\t'
for i in {1..150}; do
  while zpty -r -t z more; do output+=$more; done
  [[ $output == *"$WORD"* ]] && break
  sleep 0.2
done
print -r -- $output; zpty -d z`

const offered = (shell: string, line: string, word: string): string => {
  const quoted = `'${line}'`
  const script =
    shell === "bash"
      ? bash.replace("$LINE", quoted)
      : shell === "fish"
        ? `source ${scripts}/fish; complete -C ${quoted}`
        : zsh.replace("$LINE", line).replace("$WORD", word)
  return run(shell, script, directory).stdout
}

const expected: ReadonlyArray<readonly [line: string, offers: string]> = [
  ["privx-kit artifacts fs", "fsck"],
  ["privx-kit ueba setup --data-d", "--data-dir"],
  ["privx-kit runs show 1f", "1f0c-first"],
  ["privx-kit ueba setup --run 2f", "2f0c-second"],
  ["privx-kit runs list --target ht", "https://privx.example.com"],
  ["privx-kit ueba setup --base-url ht", "https://privx.example.com"],
  ["privx-kit artifacts show 9f", "9f86d081-script"],
  ["privx-kit fleet apply fl", "fleet.yaml"],
  ["privx-kit ueba setup --policy fl", "fleet.yaml"]
]

for (const shell of shells) {
  for (const [line, word] of expected) {
    const text = offered(shell, line, word)
    checks.check(`${shell} completes "${line}" to ${word}`, text.includes(word) ? [] : [text.slice(0, 400)])
  }
}

checks.end()
