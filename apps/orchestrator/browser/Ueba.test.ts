/** What domains bring to the page: UEBA with its charts, and the view of a domain of another team. */
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@privx-kit/testing/eventually"
import * as temporary from "@privx-kit/testing/temporary"
import { trainingState } from "@privx-kit/ueba/Dataset"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Domain from "../src/domain/Domain.ts"
import * as DomainList from "../src/domain/DomainList.ts"
import * as DomainServer from "../src/domain/DomainServer.ts"
import { builtIn } from "../src/Domains.ts"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import { accessible, confirm, counted, go, signIn } from "./support.ts"

const open = browser()

const pictures = path.join(import.meta.dirname, "../../../docs/pictures/dashboard")

/** A view that asks an endpoint of its domain. */
const view = `
export const mount = (element, { request, rights }) => {
  const text = document.createElement("p")
  element.append(text)
  request("/api/v1/domains/acme/greeting").then((answer) => answer.json()).then(({ greeting }) => {
    text.textContent = greeting + " <b>" + rights.join(" ")
  })
  return () => text.remove()
}
`

const acme = (file: string) =>
  Domain.make("acme", {
    server: async () => ({
      title: "Acme",
      endpoints: [
        DomainServer.endpoint({
          name: "greeting",
          method: "GET",
          path: "/greeting",
          right: "look",
          summary: "Greet",
          success: Schema.Struct({ greeting: Schema.String }),
          run: () => Effect.succeed({ greeting: "Hello from Acme" })
        })
      ],
      view: file
    })
  })

describe("domains on the page", () => {
  it.live(
    "show UEBA with its charts, let an operator activate a dataset, and bring views of their own",
    () =>
      Effect.gen(function* () {
        const file = path.join(yield* temporary.directory, "view.js")
        fs.writeFileSync(file, view)
        const domains = DomainList.layer([...builtIn, acme(file)])
        const server = yield* served.start({ simulator: { speed: 600 }, domains })
        yield* server.simulator.ueba.runScript
        yield* Effect.gen(function* () {
          const ueba = yield* Ueba
          for (const comment of ["first quarter", "second quarter"]) {
            const { id } = yield* ueba.createDataset({ time_range_settings: {}, comment })
            yield* ueba.trainDataset(id)
            yield* eventually(ueba.getDataset(id), (dataset) => trainingState(dataset) === "trained")
          }
        }).pipe(Effect.provide(Ueba.layer().pipe(Layer.provide(privx.client(server.simulator)))), Effect.orDie)
        yield* Effect.promise(async () => {
          for (const [width, colorScheme] of [
            [390, "light"],
            [768, "dark"],
            [1440, "light"]
          ] as const) {
            const { complaints, page } = await open({
              colorScheme,
              viewport: { width, height: 900 },
              reducedMotion: "reduce"
            })
            await signIn(page, server, width === 390 ? "viewer" : "operator")
            await page.getByRole("link", { name: "UEBA", exact: true }).click()
            await counted(page.getByRole("img", { name: /^Loss by epoch, \d+ epochs/ }), 2)
            await counted(page.getByRole("img", { name: /^Histogram of anomaly scores/ }), 2)
            const activate = page.getByRole("button", { name: /^Activate/ })
            assert.strictEqual(await activate.count(), width === 390 ? 0 : width === 768 ? 2 : 1)
            if (width === 768) {
              await page
                .getByRole("row", { name: /second quarter/ })
                .getByRole("button")
                .click()
              await confirm(page, "Activate")
              await page
                .getByRole("row", { name: /second quarter/ })
                .getByText("active", { exact: true })
                .waitFor()
            }
            await accessible(page, `UEBA, ${colorScheme}, ${width}`)
            assert.isAtMost(await page.evaluate<number>("document.documentElement.scrollWidth"), width)
            const picture = path.join(pictures, `ueba-${width}.png`)
            if (process.env["PICTURES"] === "write") fs.writeFileSync(picture, await page.screenshot())
            await go(page, "/domains/acme")
            await page.getByText("Hello from Acme <b>look").waitFor()
            await accessible(page, `a view of a domain, ${colorScheme}, ${width}`)
            await go(page, "/ueba")
            await page.getByText("Hello from Acme").waitFor({ state: "detached" })
            assert.deepStrictEqual(complaints, [])
            await page.context().close()
          }
        })
      }),
    300_000
  )
})
