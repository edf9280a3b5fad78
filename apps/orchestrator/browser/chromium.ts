/** Debian's Chromium, for all tests of a file. Where it is missing and cannot be installed, the run fails and says why. */
import { execFileSync, type ExecFileSyncOptions } from "node:child_process"
import * as fs from "node:fs"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll } from "vitest"

const candidates = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

const find = (): string | undefined => candidates.find((file) => file !== undefined && fs.existsSync(file))

const install = (): string => {
  const found = find()
  if (found !== undefined) return found
  if (process.getuid?.() === 0) {
    const options: ExecFileSyncOptions = {
      stdio: ["ignore", 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
    }
    execFileSync("apt-get", ["update", "-q"], options)
    execFileSync(
      "apt-get",
      ["install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
      options
    )
  }
  const installed = find()
  if (installed === undefined) throw new Error("There is no Chromium: install it, or name it in CHROMIUM.")
  return installed
}

/** None of its own errands: they fail on machines without a network, many at a time. */
const flags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])
]

export interface Opened {
  readonly page: Page
  /** What the page complained about: exceptions, and what the security policy refused. */
  readonly complaints: ReadonlyArray<string>
}

export const browser = (): ((options?: BrowserContextOptions) => Promise<Opened>) => {
  let running: Browser | undefined
  beforeAll(async () => {
    running = await chromium.launch({ executablePath: install(), args: flags })
  }, 600_000)
  afterAll(() => running?.close())
  return async (options) => {
    if (running === undefined) throw new Error("the browser has not been started")
    const context = await running.newContext({ locale: "en-GB", timezoneId: "Europe/Helsinki", ...options })
    context.setDefaultTimeout(30_000)
    const page = await context.newPage()
    const complaints: Array<string> = []
    page.on("pageerror", (error) => complaints.push(String(error)))
    page.on("console", (message) => {
      // Answers that are no success are shown by the page; the browser notes them as well.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        complaints.push(message.text())
    })
    return { page, complaints }
  }
}
