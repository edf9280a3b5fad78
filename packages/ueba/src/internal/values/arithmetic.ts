/** Computes arithmetic of whole numbers as a shell does, as far as the numbers are known. */

const token =
  /\s*(\d+#[\da-zA-Z]+|0[xX][\da-fA-F]+|\d+|\$?\{?[A-Za-z_]\w*\}?|\*\*|<<|>>|[<>=!]=|&&|\|\||[-+*/%()&|^~!<>?:])/y

/** From the loosest to the tightest. */
const levels: ReadonlyArray<ReadonlyMap<string, (left: number, right: number) => number>> = [
  new Map([["|", (left: number, right: number) => left | right]]),
  new Map([["^", (left: number, right: number) => left ^ right]]),
  new Map([["&", (left: number, right: number) => left & right]]),
  new Map([
    ["<<", (left: number, right: number) => left << right],
    [">>", (left: number, right: number) => left >> right]
  ]),
  new Map([
    ["+", (left: number, right: number) => left + right],
    ["-", (left: number, right: number) => left - right]
  ]),
  new Map([
    ["*", (left: number, right: number) => left * right],
    ["/", (left: number, right: number) => Math.trunc(left / right)],
    ["%", (left: number, right: number) => left % right]
  ])
]

/** The number that an expression computes; `undefined` if it is not known. */
export const computed = (text: string, valueOf: (name: string) => string | undefined): number | undefined => {
  if (text.length > 200) return undefined
  const tokens: Array<string> = []
  token.lastIndex = 0
  while (token.lastIndex < text.trimEnd().length) {
    const found = token.exec(text)?.[1]
    if (found === undefined) return undefined
    tokens.push(found)
  }
  let at = 0
  const operand = (): number => {
    const next = tokens[at++] ?? ""
    if (next === "(") {
      const inner = level(0)
      return tokens[at++] === ")" ? inner : Number.NaN
    }
    if (next === "-") return -operand()
    if (next === "+") return operand()
    if (next === "~") return ~operand()
    return /^[\d]/.test(next) ? numberOf(next) : numberOf(valueOf(next.replace(/[${}]/g, "")) ?? "")
  }
  const level = (depth: number): number => {
    const operators = levels[depth]
    if (operators === undefined) return operand()
    let left = level(depth + 1)
    for (
      let operator = operators.get(tokens[at] ?? "");
      operator !== undefined;
      operator = operators.get(tokens[at] ?? "")
    ) {
      at += 1
      left = operator(left, level(depth + 1))
    }
    return left
  }
  const result = level(0)
  return at === tokens.length && Number.isSafeInteger(result) ? result : undefined
}

/** `12`, `0x1f`, `017`, `16#1f`. */
const numberOf = (text: string): number => {
  const [, base, digits] = /^(\d{1,2})#(\w{1,16})$/.exec(text) ?? []
  if (base !== undefined) return Number.parseInt(digits ?? "", Number(base))
  if (/^-?0[0-7]+$/.test(text)) return Number.parseInt(text, 8)
  return /^-?(?:\d{1,15}|0[xX][\da-fA-F]{1,12})$/.test(text) ? Number(text) : Number.NaN
}
