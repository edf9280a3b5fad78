import { assert, describe, it } from "vitest"
import { app, circles, importsOf, verification, violations } from "../boundaries.ts"

const planted = (from: string, text: string) => violations(importsOf(`${app}/${from}`, text))

describe("the folders of the app", () => {
  it("allow an import that goes down", () => {
    assert.isEmpty(planted("fleet/Planted.ts", 'import { SetupRun } from "../setup/SetupRun.ts"'))
  })

  it.each([
    ["of a value", 'import { Fleets } from "../fleet/Fleets.ts"'],
    ["of a type", 'import type { Fleets } from "../fleet/Fleets.ts"'],
    ["at run time", 'export const later = () => import("../fleet/Fleets.ts")'],
    ["of a type by import()", 'export type Fleets = import("../fleet/Fleets.ts").Fleets'],
    ["passed on", 'export * from "../fleet/Fleets.ts"']
  ])("refuse one that goes up: %s", (_, text) => {
    assert.lengthOf(planted("setup/Planted.ts", text), 1)
  })

  it("refuse a folder that is not in the list", () => {
    assert.lengthOf(planted("utils/Planted.ts", 'import { SetupRun } from "../setup/SetupRun.ts"'), 1)
  })

  it("keep the terminal free of the app", () => {
    assert.lengthOf(planted("terminal/Planted.ts", 'import type { Domain } from "../domain/Domain.ts"'), 1)
  })
})

describe("the folders of the verification", () => {
  const plantedThere = (from: string, text: string) => violations(importsOf(`${verification}/${from}`, text))

  it("refuse rules that depend on the interpreter", () => {
    assert.isEmpty(plantedThere("interpreter/planted.ts", 'import { fileEffects } from "../rules/fileEffects.ts"'))
    assert.lengthOf(plantedThere("rules/planted.ts", 'import type { Machine } from "../interpreter/machine.ts"'), 1)
  })

  it("leave the public modules free", () => {
    assert.isEmpty(plantedThere("rules/planted.ts", 'import type { Check } from "../../Check.ts"'))
  })
})

describe("circles", () => {
  it("are found through types and import()", () => {
    const imports = [
      ...importsOf("a.ts", 'import type { B } from "./b.ts"'),
      ...importsOf("b.ts", 'export const later = () => import("./c.ts")'),
      ...importsOf("c.ts", 'export type A = import("./a.ts").A')
    ]
    assert.deepStrictEqual(circles(imports), [["a.ts", "b.ts", "c.ts"]])
  })

  it("are none where files only share one", () => {
    assert.isEmpty(circles([...importsOf("a.ts", 'import "./c.ts"'), ...importsOf("b.ts", 'import "./c.ts"')]))
  })
})
