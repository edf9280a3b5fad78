/** Each page in both themes and at three widths: accessible, no wider than the screen, and as the documentation shows it. */
import { assert } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import type { BrowserContextOptions, Page } from "playwright-core"
import { accessible } from "./support.ts"

export interface Look {
  readonly colorScheme: "light" | "dark"
  readonly width: 390 | 768 | 1440
}

export const looks: ReadonlyArray<Look> = (["light", "dark"] as const).flatMap((colorScheme) =>
  ([390, 768, 1440] as const).map((width) => ({ colorScheme, width }))
)

export const optionsOf = ({ colorScheme, width }: Look): BrowserContextOptions => ({
  colorScheme,
  viewport: { width, height: width < 500 ? 844 : 900 },
  reducedMotion: "reduce"
})

const folder = path.join(import.meta.dirname, "../../../docs/pictures/dashboard")

/** The dark theme is shown at one width. */
const fileOf = (name: string, { colorScheme, width }: Look): string | undefined =>
  colorScheme === "light"
    ? path.join(folder, `${name}-${width}.png`)
    : width === 1440
      ? path.join(folder, `${name}-dark.png`)
      : undefined

/** How far two pictures are apart, from 0 to 1, in a small and blurred form: fonts and times differ between machines. */
const distance = (page: Page, before: Buffer, after: Buffer): Promise<number> =>
  page.evaluate(`(async () => {
    const pixels = async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }))
      const canvas = new OffscreenCanvas(48, 48)
      const context = canvas.getContext("2d")
      context.imageSmoothingQuality = "high"
      context.drawImage(picture, 0, 0, 48, 48)
      return context.getImageData(0, 0, 48, 48).data
    }
    const [before, after] = [await pixels("${before.toString("base64")}"), await pixels("${after.toString("base64")}")]
    let sum = 0
    for (let at = 0; at < before.length; at++) sum += Math.abs(before[at] - after[at])
    return sum / before.length / 255
  })()`)

/** Checks a page in one look. With a name, it is one of the documentation's pictures; `PICTURES=write` renews them. */
export const check = async (page: Page, look: Look, what: string, picture?: string): Promise<void> => {
  const where = `${what}, ${look.colorScheme}, ${look.width}`
  await accessible(page, where)
  assert.isAtMost(await page.evaluate<number>("document.documentElement.scrollWidth"), look.width, where)
  const file = picture === undefined ? undefined : fileOf(picture, look)
  if (file === undefined) return
  const taken = await page.screenshot()
  if (process.env["PICTURES"] === "write") {
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(file, taken)
  }
  assert.isBelow(await distance(page, fs.readFileSync(file), taken), 0.08, path.basename(file))
}
