/** Pages of the built site in a browser: nothing wider than a phone, no error, axe clean, search that finds without a network. */
import axe from "axe-core"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import * as os from "node:os"
import * as path from "node:path"
import { type Browser, chromium, type Page } from "playwright-core"
import { docs, type Problems } from "./pages.ts"

const executable = "/usr/bin/chromium"

const dist = path.join(docs, ".vitepress/dist")

const screenshots = path.join(docs, ".screenshots")

/** The browser; installs it where that is possible. */
export const find = (): string | undefined => {
  if (!fs.existsSync(executable) && process.getuid?.() === 0) {
    spawnSync("apt-get", ["update", "-q"], { stdio: "ignore" })
    spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", "chromium"], { stdio: "ignore" })
  }
  return fs.existsSync(executable) ? executable : undefined
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2"
}

const serve = async (): Promise<http.Server> => {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1")
    const file = path.join(
      dist,
      path.normalize(decodeURIComponent(pathname)),
      pathname.endsWith("/") ? "index.html" : ""
    )
    if (!file.startsWith(dist) || !fs.existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { "content-type": types[path.extname(file)] ?? "application/octet-stream" })
    fs.createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return server
}

/** How long a page may take: a busy machine is slow, and fails nothing. */
const pageTimeout = 90_000

const widths = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } } as const

/** One page of each kind. */
const pages = [
  "index.html",
  "tutorial/first-setup.html",
  "tutorial/your-privx.html",
  "how-to/containers.html",
  "fleet.html",
  "reference/commands/ueba.html",
  "reference/settings.html",
  "reference/policy.html",
  "reference/http-api.html",
  "reference/packages/playback.html",
  "architecture.html",
  "troubleshooting.html"
]

const look = async (page: Page, origin: string, name: string, shown: string): Promise<Problems> => {
  const problems: Array<string> = []
  const noted = (error: Error) => problems.push(`${name}, ${shown}: ${error.message}`)
  page.on("pageerror", noted)
  await page.goto(`${origin}/${name}`, { waitUntil: "networkidle" })
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth
  )
  if (overflow > 0) problems.push(`${name}, ${shown}: ${overflow} pixels wider than the window`)
  await page.evaluate(axe.source)
  const violations = await page.evaluate(async () => {
    const runner = (globalThis as unknown as { axe: typeof axe }).axe
    const { violations } = await runner.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    })
    return violations.map(
      ({ help, id, nodes }) => `${id}: ${help} (${nodes.length}): ${nodes[0]?.html.slice(0, 160) ?? ""}`
    )
  })
  for (const violation of violations) problems.push(`${name}, ${shown}: ${violation}`)
  await page.screenshot({
    path: path.join(screenshots, `${name.replaceAll("/", "-").replace(".html", "")}-${shown}.png`)
  })
  page.off("pageerror", noted)
  return problems
}

const search = async (page: Page, origin: string): Promise<Problems> => {
  await page.goto(`${origin}/index.html`, { waitUntil: "networkidle" })
  const input = page.locator("#localsearch-input")
  // The key does nothing before the page listens to it.
  for (let presses = 0; presses < 60 && !(await input.isVisible()); presses++) {
    await page.keyboard.press("Control+k")
    await page.waitForTimeout(500)
  }
  await input.fill("approve")
  const first = page.locator("#localsearch-list li a").first()
  await first.waitFor()
  const titles = await page.locator("#localsearch-list li a").allInnerTexts()
  return titles.some((title) => title.includes("Approve scripts")) ? [] : [`it finds ${titles.join(", ")}`]
}

export const checks = async (executablePath: string): Promise<ReadonlyArray<readonly [string, Problems]>> => {
  fs.rmSync(screenshots, { recursive: true, force: true })
  fs.mkdirSync(screenshots, { recursive: true })
  const server = await serve()
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-chromium-"))
  let browser: Browser | undefined
  const results: Array<readonly [string, Problems]> = []
  try {
    browser = await chromium.launch({
      executablePath,
      headless: true,
      env: { ...process.env, HOME: profile },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync"
      ]
    })
    for (const [width, viewport] of Object.entries(widths)) {
      for (const colorScheme of ["light", "dark"] as const) {
        const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" })
        context.setDefaultTimeout(pageTimeout)
        const page = await context.newPage()
        const problems: Array<string> = []
        for (const name of pages) problems.push(...(await look(page, origin, name, `${width}-${colorScheme}`)))
        results.push([`${pages.length} pages, ${width}, ${colorScheme}: as wide as the window, axe clean`, problems])
        await context.close()
      }
    }
    const context = await browser.newContext({ viewport: widths.desktop })
    context.setDefaultTimeout(pageTimeout)
    // Nothing may come from another machine.
    const foreign: Array<string> = []
    await context.route("**/*", async (route) => {
      const url = route.request().url()
      if (url.startsWith(origin)) return route.continue()
      foreign.push(url)
      await route.abort()
    })
    results.push(["search finds a page, from the site alone", await search(await context.newPage(), origin)])
    results.push(["nothing is loaded from elsewhere", foreign])
  } finally {
    await browser?.close()
    server.close()
    fs.rmSync(profile, { recursive: true, force: true })
  }
  return results
}
