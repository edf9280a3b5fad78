/** Links of the documents that lead to files and headings of the repository. The generator checks those between pages of the site. */
import * as fs from "node:fs"
import * as path from "node:path"
import { documents, read, root, type Problems } from "./pages.ts"

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "")

/** The name that a heading has in a link, as GitHub and the generator make it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/`|\*|\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-")

const anchorsOf = (file: string): ReadonlySet<string> =>
  new Set([...fs.readFileSync(file, "utf8").matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => anchor(heading)))

export const broken = (): Problems =>
  documents().flatMap((document) =>
    [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
      if (/^[a-z]+:/i.test(target)) return []
      const [file = "", heading] = target.split("#")
      // A page of the site may be named without its ending.
      const base = file.startsWith("/")
        ? path.join(root, "docs", file)
        : path.resolve(root, path.dirname(document), file)
      const found =
        file === ""
          ? path.join(root, document)
          : [base, `${base}.md`, path.join(base, "index.md")].find((one) => fs.existsSync(one))
      // The reference of the packages is made with the site.
      if (found === undefined) return [`${document}: ${target} leads nowhere`]
      if (heading === undefined || !found.endsWith(".md")) return []
      return anchorsOf(found).has(heading) ? [] : [`${document}: ${target}: there is no such heading`]
    })
  )
