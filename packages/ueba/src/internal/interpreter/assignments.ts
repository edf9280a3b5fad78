/** Assignments to variables and array elements, and appending assignments. */
import type { Assignment } from "unbash"
import type { Interpreter } from "./interpretation.ts"
import { concat, constant, empty, fieldBreak, type Value } from "../values/shellValue.ts"
import { expandWord } from "./wordExpansion.ts"

/** The value of an assignment. Array elements are separated by {@link fieldBreak}. */
export const valueOfAssignment = (interpreter: Interpreter, { value }: Assignment): Value => {
  if (value.type === "Word") {
    const expanded = expandWord(value, interpreter.environment)
    // The right side of an assignment is not split.
    return expanded.texts.some((text) => text.includes(fieldBreak)) && !/^"?\$\{?[@*]|\[@\]/.test(value.text)
      ? { texts: expanded.texts.map((text) => text.replaceAll(fieldBreak, " ")), origin: expanded.origin }
      : expanded
  }
  return value.elements.reduce<Value>((all, element, at) => {
    const next = withoutSubscript(expandWord(element, interpreter.environment))
    return at === 0 ? next : concat(concat(all, constant(fieldBreak)), next)
  }, empty)
}

/** Assigns the elements that a name identifies: `([key]=value)`. */
const assignNamed = (interpreter: Interpreter, { name, value }: Assignment): void => {
  if (value.type === "Word") return
  for (const element of value.elements.slice(0, 256)) {
    const { origin, texts } = expandWord(element, interpreter.environment)
    const [whole, key] = /^\[([^\]=]{1,80})\]=/.exec(texts[0] ?? "") ?? []
    if (whole !== undefined && key !== undefined && !/^\d+$/.test(key))
      interpreter.machine.replace(`${name}[${key}]`, constant(texts[0]?.slice(whole.length) ?? "", origin))
  }
}

/** `[1]=x` among the elements of an array; nearly all arrays list them in order. */
const withoutSubscript = (value: Value): Value =>
  value.texts[0]?.startsWith("[") === true
    ? { texts: value.texts.map((text) => text.replace(/^\[[^\]=]{1,80}\]=/, "")), origin: value.origin }
    : value

/** Assigns the list of `declare -a list=(…)`, which replaces any previous value. */
export const declareList = (interpreter: Interpreter, assignment: Assignment): void => {
  interpreter.machine.replace(assignment.name, valueOfAssignment(interpreter, assignment))
  assignNamed(interpreter, assignment)
}

/** Performs the assignment and returns the value. */
export const assign = (interpreter: Interpreter, assignment: Assignment): Value => {
  const { machine } = interpreter
  const value = valueOfAssignment(interpreter, assignment)
  if (/^BASH_(?:CMDS|ALIASES)$/.test(assignment.name))
    machine.fact("misleadsReader", assignment.text, assignment.name, "gives the name of a command to another one")
  if (assignment.index !== undefined) {
    const index = expandWord(assignment.index, interpreter.environment).texts[0] ?? ""
    const elements = (machine.variables.get(assignment.name)?.texts[0] ?? "").split(fieldBreak)
    if (/^\d{1,3}$/.test(index) && Number(index) <= elements.length) {
      elements[Number(index)] = value.texts[0] ?? ""
      machine.assign(assignment.name, { texts: [elements.join(fieldBreak)], origin: value.origin })
    } else machine.assign(`${assignment.name}[${index}]`, value)
  } else if (assignment.append === true) {
    const before = machine.variables.get(assignment.name) ?? empty
    const between = assignment.value.type === "ArrayValue" && before !== empty ? constant(fieldBreak) : empty
    machine.assign(assignment.name, concat(concat(before, between), value))
  } else machine.assign(assignment.name, value)
  assignNamed(interpreter, assignment)
  return value
}
