/**
 * The tree of a script, walked to its leaves.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { SyntaxNode } from "unbash"

export type Parser = typeof import("unbash")

/** A node, with what is needed to say where it is. */
export interface Site<Node extends SyntaxNode = SyntaxNode> {
  readonly node: Node
  /** The source that the offsets within `node` refer to: the whole script, or the inside of backquotes. */
  readonly text: string
  /** Where to place what is found, when `text` is not the whole. */
  readonly anchor: number | undefined
}

export const offsetOf = ({ anchor, node }: Site): number => anchor ?? node.pos

/** A word without any of these is taken as it is, and need not be taken apart: most are. */
const mayHoldMore = /[$`(]|[^\0-\x7f]/

/**
 * Visits every node below `root` and itself, with stacks of its own: what is nested is resolved, and its errors found,
 * only when it is visited. Not in the order of the script. Stops when `visit` answers `true`.
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
