/** Which page stands where in the sidebar. Its title is the heading of the page. A page that is named nowhere fails the site suite. */
import * as fs from "node:fs"
import * as path from "node:path"

export const docs = path.join(import.meta.dirname, "..")

const titleOf = (page: string): string =>
  /^# (.+)$/m.exec(fs.readFileSync(path.join(docs, page), "utf8"))?.[1]?.replaceAll("`", "") ?? page

const link = (page: string) => ({
  text: titleOf(page),
  link: `/${page.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "")}`
})

const allIn = (directory: string): ReadonlyArray<string> =>
  fs.existsSync(path.join(docs, directory))
    ? fs
        .readdirSync(path.join(docs, directory))
        .filter((file) => file.endsWith(".md") && file !== "index.md")
        .toSorted()
        .map((file) => `${directory}/${file}`)
    : []

const present = (pages: ReadonlyArray<string>) => pages.filter((page) => fs.existsSync(path.join(docs, page)))

const guide = [
  { text: "Tutorial", pages: ["tutorial/first-setup.md", "tutorial/your-privx.md"] },
  {
    text: "How-to",
    pages: [
      "how-to/approval.md",
      "ueba.md",
      "fleet.md",
      "server.md",
      "dashboard.md",
      "how-to/workers.md",
      "how-to/containers.md",
      "how-to/keyring.md",
      "how-to/proxies.md",
      "how-to/simulator.md",
      "how-to/without-effect.md",
      "how-to/write-a-domain.md"
    ]
  },
  {
    text: "Reference",
    pages: [
      "reference/commands/index.md",
      "reference/settings.md",
      "reference/exit-codes.md",
      "reference/failures.md",
      "json.md",
      "reference/policy.md",
      "reference/fleet-file.md",
      "reference/manifest.md",
      "reference/http-api.md",
      "reference/packages/index.md"
    ]
  },
  {
    text: "Explanation",
    pages: [
      "explanation/failures.md",
      "architecture.md",
      "provenance.md",
      "verification.md",
      "scale.md",
      "explanation/unverified.md"
    ]
  },
  { text: "Troubleshooting", pages: ["troubleshooting.md"] }
]

/** Long lists, each in the sidebar of its own pages; the sidebar of the other pages leads to the first of them. */
const lists = [
  { text: "Commands", directory: "reference/commands" },
  { text: "Packages", directory: "reference/packages" },
  { text: "Decisions", directory: "decisions" }
].map(({ directory, text }) => ({ text, directory, pages: allIn(directory) }))

const sections = guide.map((section) => ({ ...section, pages: present(section.pages) }))

/** Every page that a reader can find. */
export const pages: ReadonlyArray<string> = ["index.md", ...[...sections, ...lists].flatMap(({ pages }) => pages)]

const general = sections.map(({ pages, text }) => ({ text, items: pages.map(link) }))

const decisions = lists.find(({ directory }) => directory === "decisions")?.pages.slice(0, 1) ?? []

export const sidebar = {
  "/": general.map(({ items, text }) => ({
    text,
    items:
      text === "Explanation" ? [...items, ...decisions.map((page) => ({ ...link(page), text: "Decisions" }))] : items
  })),
  ...Object.fromEntries(
    lists.map(({ directory, pages, text }) => [`/${directory}/`, [{ text, items: pages.map(link) }, ...general]])
  )
}
