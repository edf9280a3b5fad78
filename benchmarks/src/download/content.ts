/** What is downloaded: one block that does not compress, again and again. */
import { createHash } from "node:crypto"

export const blockBytes = 1024 * 1024

/** The same in every process: a linear congruential generator. */
export const block: Buffer = (() => {
  const words = new Uint32Array(blockBytes / 4)
  let state = 1
  for (let n = 0; n < words.length; n++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    words[n] = state
  }
  return Buffer.from(words.buffer)
})()

export const sha256 = (bytes: number): string => {
  const hash = createHash("sha256")
  for (let sent = 0; sent < bytes; sent += blockBytes)
    hash.update(block.subarray(0, Math.min(blockBytes, bytes - sent)))
  return hash.digest("hex")
}
