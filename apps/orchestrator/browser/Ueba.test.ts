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
import type { Page } from "playwright-core"
import * as Domain from "../src/domain/Domain.ts"
import * as DomainList from "../src/domain/DomainList.ts"
import * as DomainServer from "../src/domain/DomainServer.ts"
import { builtIn } from "../src/Domains.ts"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import { check, looks, optionsOf } from "./pictures.ts"
import { confirm, counted, go, signIn } from "./support.ts"

const open = browser()

/** A view that asks an endpoint of its domain. */
const view = `
export const mount = (element, { request, rights }) => {
  const list = document.createElement("ul")
  element.append(list)
  request("/api/v1/domains/certificates/expiring").then((answer) => answer.json()).then(({ certificates }) => {
    for (const { name, days } of certificates) {
      const item = document.createElement("li")
      item.textContent = name + " expires in " + days + " days; you may " + rights.join(" ")
      list.append(item)
    }
  })
  return () => list.remove()
}
`

/** The domain of another team. The name of one of its certificates is no markup. */
const certificates = (file: string) =>
  Domain.make("certificates", {
    server: async () => ({
      title: "Certificates",
      endpoints: [
        DomainServer.endpoint({
          name: "expiring",
          method: "GET",
          path: "/expiring",
          right: "look",
          summary: "List the certificates that expire soon",
          success: Schema.Struct({
            certificates: Schema.Array(Schema.Struct({ name: Schema.String, days: Schema.Int }))
          }),
          run: () =>
            Effect.succeed({
              certificates: [
                { name: "privx.example.com", days: 12 },
                { name: "<b>bastion</b>.example.com", days: 25 }
              ]
            })
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
        const domains = DomainList.layer([...builtIn, certificates(file)])
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
        const charts = async (page: Page) => {
          await counted(page.getByRole("img", { name: /^Loss by epoch, \d+ epochs/ }), 2)
          await counted(page.getByRole("img", { name: /^Histogram of anomaly scores/ }), 2)
        }
        const activate = (page: Page) => page.getByRole("button", { name: /^Activate/ })
        yield* Effect.promise(async () => {
          const viewer = await open()
          await signIn(viewer.page, server, "viewer", "/ueba")
          await charts(viewer.page)
          assert.strictEqual(await activate(viewer.page).count(), 0)
          await viewer.page.context().close()
          const { page } = await open()
          await signIn(page, server, "operator", "/ueba")
          await counted(activate(page), 2)
          const second = page.getByRole("row", { name: /second quarter/ })
          await second.getByRole("button").click()
          await confirm(page, "Activate")
          await second.getByText("active", { exact: true }).waitFor()
          await counted(activate(page), 1)
          await page.context().close()

          for (const look of looks) {
            const { complaints, page } = await open(optionsOf(look))
            await signIn(page, server, "operator")
            await page.getByRole("link", { name: "UEBA", exact: true }).click()
            await charts(page)
            await counted(activate(page), 1)
            await check(page, look, "UEBA", "ueba")
            await page.getByRole("link", { name: "Certificates", exact: true }).click()
            await page.getByText("<b>bastion</b>.example.com expires in 25 days; you may look submit").waitFor()
            await check(page, look, "a view of a domain")
            await go(page, "/ueba")
            await page.getByText("expires in 25 days").waitFor({ state: "detached" })
            assert.deepStrictEqual(complaints, [])
            await page.context().close()
          }
        })
      }),
    600_000
  )
})
