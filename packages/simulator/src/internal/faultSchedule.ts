/**
 * Decides which fault affects a request. The first fault in the list that is due occurs; later ones are not evaluated,
 * so their counts do not change. `createSession:503/MAX_LOAD*2` before `createSession:html/502*1` gives 503, 503, 502,
 * and then the correct response.
 */
import type { Fault } from "./faultModel.ts"
import { generator } from "./random.ts"

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

  /** Resets all counts to zero and all generators to their seeds. */
  set(faults: ReadonlyArray<Fault>): void {
    this.#planned = faults.map((fault, index) => ({
      fault,
      // Spread apart by an odd constant (2³² divided by the golden ratio), so that adjacent seeds give unrelated
      // sequences.
      random: generator(fault.seed ?? this.#seed + index * 0x9e37_79b9),
      matched: 0,
      played: 0
    }))
  }

  /** @param names all names of the operation */
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
