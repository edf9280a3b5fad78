/**
 * A container as far as this machine can make one: the files that the Dockerfile puts into the image, on the system of this
 * machine instead of the base image, read-only, without capabilities, as the user of the image, as process 1 of its own
 * process table. Processes share one network.
 */
import { type Instruction, DockerfileParser } from "dockerfile-ast"
import * as Effect from "effect/Effect"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Readable } from "node:stream"

const root = path.join(import.meta.dirname, "../../..")

export const deployDirectory = path.join(root, "deploy")

/** How long a process may take to start: a busy machine is slow. */
export const mostToStart = "90 seconds"

/** What the last stage of the Dockerfile says. */
interface Image {
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly user: number
  readonly entrypoint: ReadonlyArray<string>
  readonly workdir: string
}

export interface Mount {
  readonly from: string
  readonly to: string
  readonly readOnly?: boolean
}

export interface Options {
  /** In the place of the entry point of the image. */
  readonly entrypoint?: ReadonlyArray<string> | undefined
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly mounts?: ReadonlyArray<Mount>
  /** Names that it finds, with their addresses. */
  readonly hosts?: Readonly<Record<string, string>>
  /** As root, which no container of the kit is. */
  readonly asRoot?: boolean
}

export interface Container {
  /** What it has written to standard output and standard error. */
  readonly output: () => string
  /** What it has written to standard output. */
  readonly printed: () => string
  /** Sends the signal to process 1. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly exitCode: Effect.Effect<number | null>
  readonly isRunning: () => boolean
}

const system = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]

const lastStage = (): ReadonlyArray<Instruction> => {
  const all = DockerfileParser.parse(
    fs.readFileSync(path.join(deployDirectory, "Dockerfile"), "utf8")
  ).getInstructions()
  return all.slice(all.findLastIndex((instruction) => instruction.getKeyword() === "FROM") + 1)
}

const argumentsOf = (instruction: Instruction): ReadonlyArray<string> =>
  instruction.getArguments().map((argument) => argument.getValue())

const copy = (directory: string, words: ReadonlyArray<string>): void => {
  const to = path.join(directory, words.at(-1) ?? "")
  for (const from of words.slice(0, -1)) {
    const source = path.join(root, path.relative("/src", from))
    // A file goes into the directory, and the content of a directory as well.
    const target = fs.statSync(source).isDirectory() ? to : path.join(to, path.basename(source))
    fs.cpSync(source, target, { recursive: true })
  }
}

/** The image, built from the Dockerfile: what it copies, sets and runs. */
export const build = Effect.acquireRelease(
  Effect.sync((): Image => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-image-"))
    fs.chmodSync(directory, 0o755)
    for (const name of ["usr", "proc", "dev", "tmp", "local/bin", "etc"]) {
      fs.mkdirSync(path.join(directory, name), { recursive: true })
    }
    for (const name of ["bin", "sbin", "lib", "lib64"]) fs.symlinkSync(`usr/${name}`, path.join(directory, name))
    for (const name of ["passwd", "group", "nsswitch.conf", "ld.so.cache", "alternatives", "ssl"]) {
      const file = path.join("/etc", name)
      if (fs.existsSync(file)) fs.cpSync(file, path.join(directory, file), { recursive: true, verbatimSymlinks: true })
    }
    fs.copyFileSync(process.execPath, path.join(directory, "local/bin/node"))
    const image = {
      directory,
      env: {} as Record<string, string>,
      user: 0,
      entrypoint: [] as Array<string>,
      workdir: "/"
    }
    for (const instruction of lastStage()) {
      const words = argumentsOf(instruction)
      switch (instruction.getKeyword()) {
        case "COPY":
          copy(
            directory,
            words.filter((word) => !word.startsWith("--"))
          )
          break
        case "RUN":
          execFileSync(
            "bwrap",
            [
              "--bind",
              directory,
              "/",
              ...system,
              "--bind",
              path.join(directory, "local"),
              "/usr/local",
              "sh",
              "-c",
              words.join(" ")
            ],
            { env: { PATH: "/usr/local/bin:/usr/bin:/bin" } }
          )
          break
        case "ENV":
          for (const word of words) image.env[word.slice(0, word.indexOf("="))] = word.slice(word.indexOf("=") + 1)
          break
        case "USER":
          image.user = Number(words[0]?.split(":")[0])
          break
        case "WORKDIR":
          image.workdir = words[0] ?? "/"
          break
        case "ENTRYPOINT":
          image.entrypoint = JSON.parse(instruction.getArgumentsContent() ?? "[]")
          break
      }
    }
    return image
  }),
  ({ directory }) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/** A directory that belongs to the user of the image, as an empty volume does. */
export const volume = (user: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-volume-"))
      fs.chmodSync(directory, 0o755)
      fs.chownSync(directory, user, user)
      return directory
    }),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
  )

/** Starts it, and kills it when the test is over. */
export const start = Effect.fnUntraced(function* (image: Image, options: Options) {
  const data = yield* volume(image.user)
  const hosts = path.join(data, "..", `${path.basename(data)}.hosts`)
  const names = Object.entries({ localhost: "127.0.0.1", ...options.hosts })
  fs.writeFileSync(hosts, names.map(([name, address]) => `${address} ${name}\n`).join(""))
  const mounts = [
    { from: data, to: "/data" },
    { from: hosts, to: "/etc/hosts", readOnly: true },
    ...(options.mounts ?? [])
  ]
  // The root is read-only, so the places of mounts are made before.
  for (const { from, to } of mounts) {
    const place = path.join(image.directory, to)
    if (fs.existsSync(place)) continue
    if (fs.statSync(from).isDirectory()) fs.mkdirSync(place, { recursive: true })
    else {
      fs.mkdirSync(path.dirname(place), { recursive: true })
      fs.writeFileSync(place, "")
    }
  }
  const user = String(image.user)
  const identity = options.asRoot
    ? []
    : [
        "setpriv",
        `--reuid=${user}`,
        `--regid=${user}`,
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
        "--no-new-privs"
      ]
  const capabilities = options.asRoot
    ? []
    : ["--cap-drop", "ALL", ...["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"].flatMap((name) => ["--cap-add", name])]
  return yield* Effect.acquireRelease(
    Effect.sync(() =>
      watch(
        spawn(
          "bwrap",
          [
            "--ro-bind",
            image.directory,
            "/",
            ...system,
            "--ro-bind",
            path.join(image.directory, "local"),
            "/usr/local",
            ...mounts.flatMap(({ from, readOnly, to }) => [readOnly === true ? "--ro-bind" : "--bind", from, to]),
            "--chdir",
            image.workdir,
            "--unshare-pid",
            "--as-pid-1",
            "--die-with-parent",
            "--info-fd",
            "3",
            ...capabilities,
            "--",
            ...identity,
            ...(options.entrypoint ?? image.entrypoint),
            ...options.args
          ],
          {
            stdio: ["ignore", "pipe", "pipe", "pipe"],
            env: { PATH: "/usr/local/bin:/usr/bin:/bin", ...image.env, ...options.env }
          }
        )
      )
    ),
    (container) =>
      (container.isRunning() ? container.signal("SIGKILL") : Effect.void).pipe(
        Effect.andThen(container.exitCode),
        Effect.andThen(Effect.sync(() => fs.rmSync(hosts)))
      )
  )
})

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const watch = (child: ChildProcess): Container => {
  let output = ""
  let printed = ""
  const closed = once(child, "close")
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text))
  }
  child.stdout?.on("data", (text: string) => (printed += text))
  // Process 1, which the sandbox names before it starts it. It outlives the sandbox, because it is another user.
  const first = new Response(Readable.toWeb(child.stdio[3] as Readable) as ReadableStream).text()
  return {
    output: () => output,
    printed: () => printed,
    isRunning: () => !isOver(child),
    signal: (signal) =>
      Effect.promise(async () => {
        const { "child-pid": pid } = JSON.parse(await first) as { readonly "child-pid": number }
        if (!isOver(child)) process.kill(pid, signal)
      }),
    exitCode: Effect.promise(async () => {
      if (!isOver(child)) await closed
      return child.exitCode
    })
  }
}
