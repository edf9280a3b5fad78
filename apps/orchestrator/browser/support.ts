/** What the tests of the page share: servers, sign-in, and addresses of the page without a reload. */
import AxeBuilder from "@axe-core/playwright"
import { assert } from "@effect/vitest"
import type { Locator, Page } from "playwright-core"

export interface Served {
  readonly url: URL
  readonly tokenOf: (name: string) => string
}

export const signIn = async (page: Page, server: Served, as: string, where = "/runs"): Promise<void> => {
  await page.goto(new URL(where, server.url).href)
  await page.getByLabel("Token").fill(server.tokenOf(as))
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("button", { name: "Sign out" }).waitFor()
}

/** Another address of the page, as a link of it goes there: a reload would forget the token. */
export const go = (page: Page, where: string): Promise<void> =>
  page.evaluate(`history.pushState(null, "", ${JSON.stringify(where)})`)

/** Confirms what a dialog asks. */
export const confirm = async (page: Page, action: string, comment?: string): Promise<void> => {
  const dialog = page.getByRole("alertdialog")
  if (comment !== undefined) await dialog.getByLabel(/^Comment/).fill(comment)
  await dialog.getByRole("button", { name: action, exact: true }).click()
  await dialog.waitFor({ state: "detached" })
}

/** The page in the state that it names. */
export const status = (page: Page, text: string): Promise<void> =>
  page.locator(".title .status", { hasText: text }).waitFor()

/** Waits until a condition holds. */
export const until = async (condition: () => boolean | Promise<boolean>, otherwise: () => string): Promise<void> => {
  for (const end = Date.now() + 30_000; !(await condition());) {
    assert.isBelow(Date.now(), end, otherwise())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Waits until there are so many of something. */
export const counted = async (locator: Locator, count: number): Promise<void> => {
  let last = 0
  await until(
    async () => (last = await locator.count()) === count,
    () => `never ${count}, but ${last}`
  )
}

/** No violation of WCAG 2.2 A and AA, or of axe's best practices. */
export const accessible = async (page: Page, what: string): Promise<void> => {
  const { violations } = await new AxeBuilder({ page }).analyze()
  assert.deepStrictEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`),
    [],
    what
  )
}
