/**
 * Traverses the syntax tree of a script.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { SyntaxNode } from "unbash"

export type Parser = typeof import("unbash")

/** A node with the data that is needed to locate it. */
export interface Site<Node extends SyntaxNode = SyntaxNode> {
  readonly node: Node
  /** The source that the offsets within `node` refer to: the whole script, or the content of backquotes. */
  readonly text: string
  /** The offset for findings, if `text` is not the whole script. */
  readonly anchor: number | undefined
}

export const offsetOf = ({ anchor, node }: Site): number => anchor ?? node.pos

/** A word without any of these characters is used as it is. This applies to most words. */
const mayHoldMore = /[$`(]|[^\0-\x7f]/

/**
 * Visits `root` and every node below it. Uses explicit stacks, and resolves nested code and finds its errors only on the
 * visit. The order differs from the script. Stops when `visit` returns `true`.
 */
export const walk = (parser: Parser, root: Site, visit: (site: Site) => boolean | void): void => {
  const nested: Array<Site> = [root]
  for (let part = nested.pop(); part !== undefined; part = nested.pop()) {
    const { anchor, text } = part
    const open: Array<SyntaxNode> = [part.node]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const parent = node
      if (visit({ node: parent, text, anchor }) === true) return
      parser.forEachChild(parent, (child) => {
        if (child.type === "Script" && child.source !== undefined) {
          nested.push({ node: child, text: child.source, anchor: anchor ?? parent.pos })
        } else if (child.type !== "Word" || mayHoldMore.test(child.text)) {
          open.push(child)
        }
      })
    }
  }
}
