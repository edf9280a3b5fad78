/**
 * Limits the heap of commands that run long or process much data. Their live data is small, even with thousands of hosts,
 * but by default V8 lets the heap grow to four times its size before a collection, and the young generation to 128 MiB.
 * Other commands would only start more slowly.
 */
import { PerformanceObserver } from "node:perf_hooks"
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8"

/** Half of this value would cost a few percent of CPU time, and save 35 MB. */
const enough = 64 * 1024 * 1024

let kept = false

/**
 * From now on the heap grows by a fifth at a time, and the young generation stops growing at a limit. Each collection is
 * evaluated shortly afterwards, so the young generation may have grown once more by then.
 *
 * @param young the limit, in bytes
 */
export const keep = (young = enough): void => {
  if (kept) return
  kept = true
  setFlagsFromString("--heap-growing-percent=20")
  // V8 fixes the maximum size of the young generation when the process starts, but not its growth after a collection. It
  // shrinks while little happens and must then be able to grow again. A large file that is read at once must not let it
  // grow unnoticed.
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
