/** What may happen to a script on its way, the same for the same seed. */

/** Numbers in [0, 1), the same row for the same seed (mulberry32). */
export const random = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface Kind {
  readonly name: string
  /** Must differ from `bytes`; nothing where it cannot. */
  readonly make: (bytes: Uint8Array, next: () => number) => Uint8Array | undefined
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const pages = [
  "<!DOCTYPE html>\n<html><head><title>504 Gateway Time-out</title></head><body><h1>504 Gateway Time-out</h1></body></html>\n",
  "<html>\r\n<head><title>Log in</title></head>\r\n<body><form method=post action=/login></form></body></html>\r\n",
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>\n',
  "\n<!-- proxy --><html lang=en><body>Your connection has been blocked</body></html>"
]

const bodies = [
  '{"error_code":"GENERAL_ERROR","error_message":"internal error"}',
  '{"error_code":"MAX_LOAD","details":[null]}\n',
  '{"id":"0f8fad5b-d9cb-469f-a165-70867728950e"}',
  "[]",
  '{"error_code":"DATABASE_ERR'
]

const pick = <A>(items: ReadonlyArray<A>, next: () => number): A | undefined => items[Math.floor(next() * items.length)]

export const kinds: ReadonlyArray<Kind> = [
  {
    name: "cut off at any byte",
    make: (bytes, next) => bytes.subarray(0, Math.floor(next() * bytes.length))
  },
  {
    name: "cut off behind a line",
    make: (bytes, next) => {
      const end = bytes.lastIndexOf(0x0a, Math.floor(next() * (bytes.length - 1))) + 1
      return end > 0 && end < bytes.length ? bytes.subarray(0, end) : undefined
    }
  },
  {
    name: "one bit flipped",
    make: (bytes, next) => {
      const copy = Uint8Array.from(bytes)
      const at = Math.floor(next() * bytes.length)
      copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(next() * 8))
      return copy
    }
  },
  {
    name: "eight bits flipped",
    make: (bytes, next) => {
      const copy = Uint8Array.from(bytes)
      for (let flip = 0; flip < 8; flip++) {
        const at = Math.floor(next() * bytes.length)
        copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(next() * 8))
      }
      return copy
    }
  },
  {
    name: "100 bytes missing within",
    make: (bytes, next) => {
      if (bytes.length < 300) return undefined
      const at = Math.floor(next() * (bytes.length - 100))
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 100)])
    }
  },
  { name: "an HTML or XML page instead", make: (_, next) => encode(pick(pages, next) ?? "") },
  { name: "JSON instead", make: (_, next) => encode(pick(bodies, next) ?? "") },
  {
    name: "a page behind the first half",
    make: (bytes, next) => Buffer.concat([bytes.subarray(0, bytes.length >> 1), encode(pick(pages, next) ?? "")])
  },
  { name: "line ends of Windows", make: (bytes) => encode(new TextDecoder().decode(bytes).replace(/\r?\n/g, "\r\n")) }
]
