/**
 * Which fault a request meets. The faults are asked in their order, and the first that wants to is played; those behind it
 * are not asked, so their counts stand still. `createSession:503/MAX_LOAD*2` before `createSession:html/502*1` gives 503,
 * 503, 502, and then the right answer.
 */
import type { Fault } from "../Fault.ts"

interface Planned {
  readonly fault: Fault
  readonly random: () => number
  matched: number
  played: number
}

export class FaultSchedule {
  #planned: ReadonlyArray<Planned> = []
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  /** Begins anew: all counts at zero, all generators at their seeds. */
  set(faults: ReadonlyArray<Fault>): void {
    this.#planned = faults.map((fault, index) => ({
      fault,
      // Spread apart by an odd constant (2³² divided by the golden ratio), so that neighbours have nothing in common.
      random: generator(fault.seed ?? this.#seed + index * 0x9e37_79b9),
      matched: 0,
      played: 0
    }))
  }

  /** @param names all the names that the operation goes by */
  next(names: ReadonlyArray<string>): Fault | undefined {
    for (const planned of this.#planned) {
      const { operation, skip = 0, times = Infinity, percent = 100 } = planned.fault
      if (operation !== "*" && !names.includes(operation)) continue
      if (planned.played >= times) continue
      if (planned.matched++ < skip) continue
      if (percent < 100 && planned.random() * 100 >= percent) continue
      planned.played++
      return planned.fault
    }
    return undefined
  }
}

/** mulberry32: small, fast, and the same on every machine. Numbers from 0 up to 1. */
const generator = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
