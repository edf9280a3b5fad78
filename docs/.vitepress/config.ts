/**
 * The documentation as a site. The pages are the Markdown files of this directory, which also read well without the site; `navigation.ts`
 * says which page stands where.
 */
import * as path from "node:path"
import { defineConfig, type MarkdownOptions } from "vitepress"
import { sidebar } from "./navigation.ts"

/** Address of the repository, for links to its files. Without it, such links are shown as paths. */
const repository = process.env["PRIVX_KIT_REPOSITORY_URL"]

const root = path.join(import.meta.dirname, "..", "..")

type Renderer = Parameters<NonNullable<MarkdownOptions["config"]>>[0]

/** The path in the repository of a link that leads to no page. */
const outside = (href: string, page: string): string | undefined => {
  if (/^[a-z]+:|^[#/]/i.test(href)) return undefined
  const target = path.relative(root, path.resolve(path.dirname(page), href.split("#")[0] ?? ""))
  // A file of this directory that is no page, such as a SQL script, is a file of the repository too.
  return target.startsWith("docs/") && !/\.(?!md$)\w+$/.test(target) ? undefined : target
}

/** Links into the repository: to its pages where its address is known, otherwise the path as text. */
const repositoryLinks = (markdown: Renderer) => {
  markdown.core.ruler.push("repository-links", (state) => {
    for (const { children } of state.tokens) {
      for (const token of children ?? []) {
        const target = token.type === "link_open" ? outside(String(token.attrGet("href")), state.env.path) : undefined
        if (target === undefined) continue
        if (repository === undefined) {
          token.tag = "span"
          token.attrs = [["title", `In the repository: ${target}`]]
          const close = (children ?? []).find(
            (one, index) => index > (children ?? []).indexOf(token) && one.type === "link_close"
          )
          if (close !== undefined) close.tag = "span"
        } else token.attrSet("href", `${repository}/blob/main/${target}`)
      }
    }
  })
}

/** The marks of generated parts. Other HTML is text: a docstring may say `Effect<A>` in the middle of a sentence. */
const comments = (markdown: Renderer) => {
  markdown.block.ruler.before("paragraph", "comment", (state, line, _, silent) => {
    const start = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0)
    const text = state.src.slice(start, state.eMarks[line])
    if (!/^<!--.*-->$/.test(text)) return false
    if (!silent) state.line = line + 1
    return true
  })
}

/** Diagrams are drawn in the browser; without JavaScript their text is shown. */
const diagrams = (markdown: Renderer) => {
  const fence = markdown.renderer.rules.fence
  markdown.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index]
    if (token?.info.trim() !== "mermaid") return fence?.(tokens, index, options, env, self) ?? ""
    return `<Diagram text="${markdown.utils.escapeHtml(encodeURIComponent(token.content))}" />`
  }
}

export default defineConfig({
  title: "privx-kit",
  description: "Runs SSH PrivX admin jobs to completion despite failures and restarts",
  lang: "en",
  base: process.env["PRIVX_KIT_DOCS_BASE"] ?? "/",
  cleanUrls: false,
  // A source is no page: `site` is the generator, the schemas are published with the package.
  srcExclude: ["site/**"],
  markdown: {
    html: false,
    // The default themes have comments that are too pale to read.
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (markdown) => {
      comments(markdown)
      repositoryLinks(markdown)
      diagrams(markdown)
    }
  },
  themeConfig: {
    search: {
      provider: "local",
      options: {
        translations: { button: { buttonText: "Search (Ctrl+K)", buttonAriaLabel: "Search (Ctrl+K)" } }
      }
    },
    outline: { level: [2, 3] },
    nav: [
      { text: "Tutorial", link: "/tutorial/first-setup" },
      { text: "How-to", link: "/fleet" },
      { text: "Reference", link: "/reference/commands/" },
      { text: "Explanation", link: "/explanation/failures" },
      { text: "Troubleshooting", link: "/troubleshooting" }
    ],
    sidebar
  }
})
