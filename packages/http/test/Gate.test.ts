import { assert, describe, it } from "@effect/vitest"
import { Gate } from "../src/internal/gate.ts"

/** Enters `n` times and returns the tickets of the requests that started. */
const enter = (gate: Gate, n: number): Array<number> => {
  const tickets: Array<number> = []
  for (let i = 0; i < n; i++) gate.enter((ticket) => tickets.push(ticket))
  return tickets
}

describe("Gate", () => {
  it("lets as many in as its limit, and the next in the order in which they came", () => {
    const gate = new Gate(2)
    const order: Array<string> = []
    for (const name of ["a", "b", "c", "d"]) gate.enter(() => order.push(name))
    assert.deepStrictEqual(order, ["a", "b"])
    gate.leave()
    gate.leave()
    assert.deepStrictEqual(order, ["a", "b", "c", "d"])
  })

  it("forgets who gave up waiting", () => {
    const gate = new Gate(1)
    const order: Array<string> = []
    gate.enter(() => order.push("a"))
    const giveUp = gate.enter(() => order.push("b"))
    gate.enter(() => order.push("c"))
    giveUp()
    gate.leave()
    assert.deepStrictEqual(order, ["a", "c"])
  })

  it("halves its limit once for requests that were sent together", () => {
    const gate = new Gate(8)
    const tickets = enter(gate, 8)
    for (const ticket of tickets) gate.overloaded(ticket)
    for (const _ of tickets) gate.leave()
    assert.strictEqual(enter(gate, 8).length, 4)
  })

  it("never closes altogether, and opens again as answers come", () => {
    const gate = new Gate(8)
    for (let i = 0; i < 10; i++) {
      const [ticket] = enter(gate, 1)
      gate.overloaded(ticket!)
      gate.leave()
    }
    // One response at a limit of 1, two at 2, …, seven at 7.
    for (let answers = 0; answers < 28; answers++) {
      enter(gate, 1)
      gate.succeeded()
      gate.leave()
    }
    assert.strictEqual(enter(gate, 20).length, 8)
  })
})
