/**
 * For commands that go on for long or have much to do: what lives is small, even with thousands of hosts, and by itself V8 lets
 * the heap grow to four times that before it cleans up. Others would only start slower.
 */
import { setFlagsFromString } from "node:v8"

/** From now on the heap grows by a fifth at a time. */
export const keep = (): void => setFlagsFromString("--heap-growing-percent=20")
