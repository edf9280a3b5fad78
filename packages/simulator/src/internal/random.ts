/** Random numbers that are the same on every machine and in every run. Do not use them for secrets. */

/** mulberry32: small and fast. Numbers from 0 to 1, excluding 1. */
export const generator = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A seed for a purpose: FNV-1a of the label, mixed with the seed. */
export const seedOf = (seed: number, label: string): number => {
  let hash = 0x811c_9dc5
  for (let index = 0; index < label.length; index++) {
    hash = Math.imul(hash ^ label.charCodeAt(index), 0x0100_0193)
  }
  return (hash ^ Math.imul(seed >>> 0, 0x9e37_79b9)) >>> 0
}

/** A version 4 UUID of a generator, the same in each run. Do not use it for secret ids. */
export const uuid = (random: () => number): string => {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Buffer.from(bytes).toString("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}
