/**
 * For commands that run long or do much: what lives is small, even with thousands of hosts, and by itself V8 lets
 * the heap grow to four times that before it cleans up, and the part for what is new to 128 MiB. Others would only start slower.
 */
import { PerformanceObserver } from "node:perf_hooks"
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8"

/** Half of it would cost a few percent of the processor, for 35 MB less. */
const enough = 64 * 1024 * 1024

let kept = false

/**
 * From now on the heap grows by a fifth at a time, and the part for what is new stops growing at a bound. A collection is
 * looked at a moment after it, so that it may have grown once more by then.
 *
 * @param young the bound, in bytes
 */
export const keep = (young = enough): void => {
  if (kept) return
  kept = true
  setFlagsFromString("--heap-growing-percent=20")
  // Its greatest size is fixed when a process starts; by how much it grows, after a collection, is not. While little happens
  // it shrinks, and then it has to be able to grow again. A large file that is read at once must not make it grow unseen.
  let factor = 0
  const growBy = (wanted: number) => {
    if (wanted !== factor) setFlagsFromString(`--semi-space-growth-factor=${wanted}`)
    factor = wanted
  }
  growBy(1)
  const observer = new PerformanceObserver(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")
    growBy(space !== undefined && space.space_size * 2 <= young ? 2 : 1)
  })
  observer.observe({ entryTypes: ["gc"] })
}
