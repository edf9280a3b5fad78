/**
 * Programs that install a file, run it, or apply what it describes: package managers, build tools, compilers, database and
 * cluster clients. A downloaded file or input that one of them receives is code that is fetched and run.
 */
import { groupedOption, operandsOf, optionOf } from "../rules/fileEffects.ts"
import { runLanguageCode } from "./languageCode.ts"
import type { Argument, Interpreter } from "./interpretation.ts"
import { constant, isOpen, type Origin, originAmong, type Value } from "../values/shellValue.ts"

const installers =
  /^(?:apt|apt-get|dpkg|rpm|dnf|yum|zypper|pip3?|npm|gem|snap|insmod|modprobe|apk|pkg|pacman|opkg|flatpak|installer|alien|gdebi|cpanm|luarocks|pear|pecl|code|fwupdmgr)$/

/** Programs that run a file, or what the file describes. */
const runners =
  /^(?:java|javaw|mono|dotnet|wine|qemu-\w+|ld-linux\S*|ld-musl\S*|ansible-playbook|kubectl|oc|helm|osascript|Rscript|swift|scala|groovy|julia|elixir|escript|ghc|runghc|go|cargo|zig|tcc|gdb|vim|emacs|sqlite3|psql|mysql|mariadb|puppet|salt-call|chef-client|terraform|tofu|docker|podman|nerdctl|docker-compose|podman-compose|gst-launch\S*|xdg-open|open|systemd-nspawn|make|cmake|just|task|run-parts|wasmtime|wasmer|wasmedge|bpftool|bpftrace|stap|frida|mosh|expect|nomad|skaffold|kustomize|vagrant|packer|virsh|lxc|ocamlfind|crystal|nim|racket|sbcl|guile|octave|gnuplot|maxima|nft|iptables-restore|systemd-run)$/

/** Programs that run, or apply, their standard input when they get no file or `-`. */
const inputRunners =
  /^(?:kubectl|oc|k3s|sqlite3|psql|mysql|mariadb|mongosh?|redis-cli|gdb|ed|ex|m4|make|docker|podman|docker-compose|bpftrace|stap|nft|iptables-restore|ip6tables-restore|octave|gnuplot|sbcl|guile|julia|R|Rscript|lxc|virsh|at|batch|expect|debconf-set-selections|chpasswd)$/

/** The files that build tools read without being told. */
const projectFiles: ReadonlyMap<string, ReadonlyArray<string>> = new Map<string, ReadonlyArray<string>>([
  ...["make", "gmake", "remake", "bmake"].map((name) => [name, ["Makefile", "makefile", "GNUmakefile"]] as const),
  ["cmake", ["CMakeLists.txt"]],
  ["ninja", ["build.ninja"]],
  ["meson", ["meson.build"]],
  ...["npm", "yarn", "pnpm", "bun"].map((name) => [name, ["package.json"]] as const),
  ["cargo", ["Cargo.toml", "build.rs"]],
  ["ant", ["build.xml"]],
  ["mvn", ["pom.xml"]],
  ["gradle", ["build.gradle", "build.gradle.kts"]],
  ["rake", ["Rakefile"]],
  ["bundle", ["Gemfile"]],
  ["composer", ["composer.json"]],
  ["scons", ["SConstruct"]],
  ["tox", ["tox.ini"]],
  ["just", ["justfile", "Justfile"]],
  ["task", ["Taskfile.yml"]],
  ["vagrant", ["Vagrantfile"]],
  ...["terraform", "tofu"].map((name) => [name, ["main.tf"]] as const),
  ["ansible-playbook", []],
  ...["docker-compose", "podman-compose", "docker", "podman"].map(
    (name) =>
      [name, ["docker-compose.yml", "docker-compose.yaml", "compose.yaml", "compose.yml", "Dockerfile"]] as const
  )
])

const compilers =
  /^(?:(?:[\w-]+-)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|ld|as|gccgo)(?:-\d+)?|tcc|c99|rustc|ghc|gfortran|nasm|yasm|ldc2|dmd|fpc|nim|zig|javac|ocamlopt|valac)$/

/** Reports downloaded files and input that the command runs, and runs the recipes of a Makefile of the script. */
export const runGivenFiles = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined
): void => {
  const { machine } = interpreter
  const texts = args.map(({ text }) => text)
  const fetched = (origin: Origin | undefined, concern: string) => {
    if (origin?.kind === "fetched") machine.fact("runsFetchedCode", origin.source, name, concern)
  }
  const concern = installers.test(name)
    ? "a package is fetched and installed"
    : runners.test(name)
      ? "a file is fetched and run"
      : undefined
  if (concern !== undefined) {
    for (const text of texts)
      if (/[./]/.test(text)) fetched(machine.file(text.replace(/^[^/.]*=/, ""), stdin)?.origin, concern)
  }
  if (inputRunners.test(name) && (texts.includes("-") || !/^(?:docker|podman|kubectl|oc|make)/.test(name)))
    fetched(stdin?.origin, "what is fetched is given to a program that runs or applies it")
  if (/^pip\d?$/.test(name)) listedSources(interpreter, name, texts)
  buildProject(interpreter, name, texts, stdin)
  if (compilers.test(name)) compile(interpreter, name, texts, stdin)
}

/** Addresses in a list of packages that the script has written. */
const listedSources = ({ machine }: Interpreter, name: string, texts: ReadonlyArray<string>): void => {
  const list = optionOf(texts, "-r", "--requirement", "-c", "--constraint")
  const lines =
    list === undefined ? [] : (machine.file(list, undefined)?.texts ?? []).flatMap((text) => text.split("\n", 200))
  for (const line of lines) {
    const address =
      /^(?:-i|-f|--(?:extra-)?index-url|--find-links)[ =]\s?(\S+)/.exec(line)?.[1] ??
      /(?:git\+|https?:)\S+/.exec(line)?.[0]
    if (address !== undefined && !line.startsWith("#"))
      machine.fact("runsFetchedCode", address, name, "a package is fetched from an address and installed")
  }
}

const buildProject = (
  interpreter: Interpreter,
  name: string,
  texts: ReadonlyArray<string>,
  stdin: Value | undefined
): void => {
  const { machine } = interpreter
  const files = projectFiles.get(name)
  if (files === undefined || (/^(?:docker|podman)$/.test(name) && !/^(?:compose|build)$/.test(texts[0] ?? ""))) return
  const directory =
    optionOf(texts, "-C", "--prefix", "--directory", "-chdir")?.replace(/^=/, "") ?? machine.directory ?? "."
  const given = optionOf(texts, "-f", "--file", "--makefile")
  const found = (given === undefined ? files : [given]).flatMap((file) =>
    [machine.file(given === undefined ? `${directory}/${file}` : file, stdin)].filter((value) => value !== undefined)
  )
  const origin =
    originAmong(found) ??
    machine.file(directory, undefined)?.origin ??
    machine.originOfDirectory(machine.absolute(directory))
  if (origin?.kind === "fetched") interpreter.reportOrigin(origin, name, "a file")
  if (name.endsWith("make")) for (const value of found) runRecipes(interpreter, value)
}

/** Runs the commands of a Makefile: lines that begin with a tab, or follow `target:` and a semicolon. */
const runRecipes = (interpreter: Interpreter, { origin, texts }: Value): void => {
  for (const text of texts) {
    if (isOpen(text.slice(0, 1)) && text.length < 100) continue
    for (const line of text.slice(0, 100_000).split("\n", 500)) {
      const recipe = /^(?:\t\s{0,20}|[\w./%-]+:[^;=]{0,200};)[@+-]{0,3}(.+)$/.exec(line.slice(0, 4000))?.[1]
      if (recipe !== undefined)
        interpreter.machine.scoped(() =>
          interpreter.runCode(
            constant(
              recipe.replaceAll("$$", () => "$"),
              origin
            ),
            undefined,
            "make"
          )
        )
    }
  }
}

/** A program that is compiled from a download is one. */
const compile = (
  interpreter: Interpreter,
  name: string,
  texts: ReadonlyArray<string>,
  stdin: Value | undefined
): void => {
  if (texts.some((text) => /^-(?:E|dM|M{1,2}|print-\S+|v)$|^--version$/.test(text))) return
  const { machine } = interpreter
  const sources = operandsOf(texts, /^-(?:[oxIlLDOWfm]|include|isystem|std)$/)
    .concat(texts.filter((text) => text === "-"))
    .flatMap((path) => [machine.file(path, stdin)].filter((value) => value !== undefined))
  const origin = originAmong(sources)
  for (const source of sources) runLanguageCode(interpreter, "C", name, source)
  if (origin !== undefined) machine.setFile(groupedOption(texts, "o", "--output") ?? "a.out", machine.fresh(origin))
}
