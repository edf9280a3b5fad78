/** A JSON Schema as Markdown: a table of the fields of each object, with the path that leads there. */
import * as Tables from "./tables.ts"

interface Node {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: ReadonlyArray<unknown>
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: boolean | Node
  readonly required?: ReadonlyArray<string>
  readonly items?: Node
  readonly anyOf?: ReadonlyArray<Node>
  readonly oneOf?: ReadonlyArray<Node>
  readonly allOf?: ReadonlyArray<Node>
  readonly $defs?: Readonly<Record<string, Node>>
}

export const render = (schema: unknown): string => {
  const root = schema as Node
  const definitions = root.$defs ?? {}
  const resolve = (node: Node): Node => {
    const name = node.$ref?.split("/").at(-1)
    const target = name === undefined ? undefined : definitions[name]
    return target === undefined ? node : { ...target, ...node }
  }
  const blocks: Array<string> = []
  const seen = new Set<string>()
  const visit = (given: Node, path: string): void => {
    const node = resolve(given)
    const alternatives = node.anyOf ?? node.oneOf
    if (alternatives !== undefined) for (const one of alternatives) visit(one, path)
    if (node.items !== undefined) visit(node.items, `${path}[]`)
    if (typeof node.additionalProperties === "object") visit(node.additionalProperties, `${path}.*`)
    if (node.properties === undefined) return
    const text = `${path === "" ? "## Fields" : `## \`${path.replace(/^\./, "")}\``}\n\n${table(node, resolve)}`
    if (!seen.has(text)) blocks.push(text)
    seen.add(text)
    for (const [name, property] of Object.entries(node.properties)) visit(property, `${path}.${name}`)
  }
  visit(root, "")
  return blocks.join("\n\n")
}

const table = (node: Node, resolve: (node: Node) => Node): string =>
  Tables.table(
    ["Field", "Value", "Meaning"],
    Object.entries(node.properties ?? {}).map(([name, given]) => {
      const property = resolve(given)
      const isRequired = node.required?.includes(name) === true
      const notes = Tables.sentences(
        property.title,
        property.description,
        isRequired ? "Required" : undefined,
        property.default === undefined ? undefined : `Default: \`${JSON.stringify(property.default)}\``
      )
      return [`\`${name}\``, escape(valueOf(property, resolve)), escape(notes)]
    })
  )

const valueOf = (given: Node, resolve: (node: Node) => Node): string => {
  const node = resolve(given)
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``
  if (node.enum !== undefined) return node.enum.map((one) => `\`${JSON.stringify(one)}\``).join(", ")
  const alternatives = node.anyOf ?? node.oneOf
  if (alternatives !== undefined) return [...new Set(alternatives.map((one) => valueOf(one, resolve)))].join(" or ")
  if (node.items !== undefined) return `list of ${valueOf(node.items, resolve)}`
  if (node.type === undefined) return node.properties === undefined ? "any value" : "object"
  return [node.type].flat().join(" or ")
}

const escape = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", " ")
