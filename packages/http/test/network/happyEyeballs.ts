/**
 * Happy Eyeballs (RFC 8305) over real interfaces: a host with several addresses, some of which are silent or slow. A
 * virtual cable joins two network namespaces. An address is slow because the client learns its hardware address only
 * after a delay, and silent because no host responds at it.
 *
 * Run it with `pnpm --filter @privx-kit/http test:network`. It needs Linux, root and `ip`. Without them, it reports that
 * and why it was skipped, and exits with code 0.
 */
import { dial } from "../../src/internal/dial.ts"
import * as SocketReader from "../../src/internal/socketReader.ts"
import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import { fileURLToPath } from "node:url"

const id = `privx${process.pid % 10_000}`
const [client, server] = [`${id}c`, `${id}s`]
const port = 8080
const hardware = "02:00:00:00:00:02"
const absent = "02:00:00:00:00:99"

interface Condition {
  readonly condition: string
  readonly addresses: ReadonlyArray<string>
  /** Milliseconds until the hardware address of the responding address is known; the other addresses are silent. */
  readonly after: number
}

const v4 = "10.99.0.2"
const v6 = "fd99::2"
const silent4 = ["10.99.0.11", "10.99.0.12", "10.99.0.13"] as const
const silent6 = "fd99::11"

const conditions: ReadonlyArray<Condition> = [
  { condition: "one silent address before one that is 300 ms away", addresses: [silent4[0], v4], after: 300 },
  { condition: "one silent address behind one that is 300 ms away", addresses: [v4, silent4[0]], after: 300 },
  { condition: "one address, 700 ms away", addresses: [v4], after: 700 },
  { condition: "silent IPv6, IPv4 at once", addresses: [silent6, v4], after: 0 },
  { condition: "silent IPv6, IPv4 400 ms away", addresses: [silent6, v4], after: 400 },
  { condition: "silent IPv4 addresses, IPv6 600 ms away", addresses: [...silent4, v6], after: 600 }
]

const ip = (...args: ReadonlyArray<string>): void =>
  void execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] })

const whyNot = (): string | undefined => {
  if (process.platform !== "linux") return "network namespaces are a thing of Linux"
  if (process.getuid?.() !== 0) return "network namespaces need root"
  try {
    ip("netns", "add", client)
    return undefined
  } catch (cause) {
    return `network namespaces cannot be made: ${cause instanceof Error ? cause.message.split("\n", 1)[0] : ""}`
  }
}

const setUp = (): void => {
  ip("netns", "add", server)
  ip("link", "add", `${id}a`, "netns", client, "type", "veth", "peer", "name", `${id}b`, "netns", server)
  ip("-n", server, "link", "set", `${id}b`, "address", hardware)
  // It does not respond to requests for its hardware address.
  ip("-n", server, "link", "set", `${id}b`, "arp", "off")
  for (const [namespace, device, end] of [
    [client, `${id}a`, "1"],
    [server, `${id}b`, "2"]
  ] as const) {
    ip("-n", namespace, "addr", "add", `10.99.0.${end}/24`, "dev", device)
    ip("-n", namespace, "-6", "addr", "add", `fd99::${end}/64`, "dev", device, "nodad")
    ip("-n", namespace, "link", "set", device, "up")
    ip("-n", namespace, "link", "set", "lo", "up")
  }
  const back = execFileSync("ip", ["-n", client, "-j", "link", "show", `${id}a`])
  const [link] = JSON.parse(back.toString()) as ReadonlyArray<{ readonly address: string }>
  for (const address of ["10.99.0.1", "fd99::1"]) {
    ip("-n", server, "neigh", "replace", address, "lladdr", link?.address ?? "", "dev", `${id}b`, "nud", "permanent")
  }
  fs.mkdirSync(`/etc/netns/${client}`, { recursive: true })
}

const tearDown = (): void => {
  for (const namespace of [client, server]) {
    try {
      ip("netns", "del", namespace)
    } catch {
      // The namespace was never created.
    }
  }
  fs.rmSync(`/etc/netns/${client}`, { recursive: true, force: true })
}

const neighbour = (address: string, lladdr: string): void =>
  ip("-n", client, "neigh", "replace", address, "lladdr", lladdr, "dev", `${id}a`, "nud", "permanent")

const prepare = ({ addresses, after }: Condition): void => {
  fs.writeFileSync(
    `/etc/netns/${client}/hosts`,
    `127.0.0.1 localhost\n${addresses.map((address) => `${address} privx.test`).join("\n")}\n`
  )
  ip("-n", client, "neigh", "flush", "all", "nud", "all")
  for (const address of [...silent4, silent6]) neighbour(address, absent)
  if (after === 0) for (const address of [v4, v6]) neighbour(address, hardware)
}

/** Runs this file in a namespace, in the given `role`. */
const within = (namespace: string, role: string) =>
  spawn(
    "ip",
    [
      "netns",
      "exec",
      namespace,
      process.execPath,
      "--conditions=@privx-kit/source",
      fileURLToPath(import.meta.url),
      role
    ],
    { stdio: ["ignore", "pipe", "inherit"] }
  )

const firstLine = (child: ReturnType<typeof within>): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ""
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")))
    })
    child.once("exit", (code) => reject(new Error(`ended with ${code}`)))
  })

const attempt = async (role: "kit" | "node", condition: Condition): Promise<string> => {
  prepare(condition)
  const child = within(client, role)
  const lines: Array<string> = []
  child.stdout?.on("data", (chunk: Buffer) => {
    lines.push(...chunk.toString().trim().split("\n"))
    // The time starts with the first attempt.
    if (lines.includes("started") && condition.after > 0 && !lines.includes("known")) {
      lines.push("known")
      setTimeout(() => {
        for (const address of [v4, v6]) neighbour(address, hardware)
      }, condition.after)
    }
  })
  await new Promise((resolve) => child.once("exit", resolve))
  return lines.at(-1) ?? ""
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const main = async (): Promise<void> => {
  const reason = whyNot()
  if (reason !== undefined) return print(`skipped: ${reason}`)
  let serving: ReturnType<typeof within> | undefined
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      serving?.kill()
      tearDown()
      process.exit(1)
    })
  }
  try {
    setUp()
    serving = within(server, "serve")
    await firstLine(serving)
    for (const condition of conditions) {
      const result = await attempt("kit", condition)
      const isGood = result.startsWith("connected")
      print(`${isGood ? "ok    " : "FAILED"} ${condition.condition}: ${result}`)
      if (!isGood) process.exitCode = 1
    }
    const [control] = conditions
    // Verifies the test conditions: Node's own algorithm does not connect.
    if (control !== undefined) print(`control: Node's own way: ${await attempt("node", control)}`)
  } finally {
    serving?.kill()
    tearDown()
  }
}

const serve = (): void => {
  http.createServer((_, response) => response.end("ok")).listen(port, "::", () => print("listening"))
}

const connect = (): void => {
  const started = performance.now()
  const target = { hostname: "privx.test", host: `privx.test:${port}`, port: String(port), protocol: "http:" }
  print("started")
  dial(SocketReader.opener({ timeout: 0 }), target, { timeout: 10_000 }, (error, socket) => {
    const millis = Math.round(performance.now() - started)
    const cause = error?.cause instanceof Error ? error.cause.message : error?.message
    print(
      error === null ? `connected to ${socket.remoteAddress} after ${millis} ms` : `failed after ${millis} ms: ${cause}`
    )
    process.exit()
  })
}

const connectAsNode = (): void => {
  print("started")
  setTimeout(() => {
    print("not connected after 3 s")
    process.exit()
  }, 3000)
  http
    .get(`http://privx.test:${port}/`, () => {
      print("connected")
      process.exit()
    })
    .on("error", (error: NodeJS.ErrnoException) => {
      print(`failed (${error.code})`)
      process.exit()
    })
}

const role = process.argv[2]
if (role === "serve") serve()
else if (role === "kit") connect()
else if (role === "node") connectAsNode()
else await main()
