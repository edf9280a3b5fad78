/**
 * The header of a self-extracting Makeself archive: the start of its payload, and the checksums that it states.
 *
 * Source: the headers that Makeself 2.1 to 2.5 write (`makeself-header.sh`).
 */
import { createHash } from "node:crypto"

/** The header is a few hundred lines. */
const headerLimit = 256 * 1024

/** The byte offset of the payload, or `undefined` if this is not a Makeself archive. */
export const payloadOffset = (bytes: Uint8Array): number | undefined => {
  const header = headerOf(bytes)
  if (!/^# This script was generated using Makeself/m.test(header.slice(0, 2048))) return undefined
  const lines = Number(/^skip="?(\d{1,6})"?$/m.exec(header)?.[1] ?? /head -n (\d{1,6}) "\$[01]"/.exec(header)?.[1])
  if (!Number.isInteger(lines)) return undefined
  let offset = 0
  for (let line = 0; line < lines; line++) {
    const end = bytes.indexOf(0x0a, offset)
    if (end === -1) return undefined
    offset = end + 1
  }
  return offset
}

const headerOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, headerLimit)).toString("latin1")

export interface Checked {
  /** What is wrong, in a few words. */
  readonly wrong: ReadonlyArray<string>
  /** The names of the checksums that match. */
  readonly right: ReadonlyArray<string>
}

/** Compares sizes and checksums of the archives behind the header with what the header states. */
export const check = (bytes: Uint8Array, offset: number): Checked => {
  const header = headerOf(bytes.subarray(0, offset))
  const stated = (name: string): ReadonlyArray<string> => {
    const value = new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(header)?.[1]?.trim() ?? ""
    return value === "" ? [] : value.split(/\s+/)
  }
  const wrong: Array<string> = []
  const right = new Set<string>()
  const sums = { CRC: stated("CRCsum"), MD5: stated("MD5"), "SHA-256": stated("SHA") }
  let start = offset
  for (const [at, text] of stated("filesizes").entries()) {
    const size = Number(text)
    if (!/^\d{1,12}$/.test(text)) return { wrong: [`the header states the size "${text.slice(0, 20)}"`], right: [] }
    const archive = bytes.subarray(start, start + size)
    if (archive.length < size) {
      return { wrong: [`the payload has ${archive.length} of the ${size} bytes that its header states`], right: [] }
    }
    for (const [name, values] of Object.entries(sums)) {
      const value = values[at] ?? ""
      if (/^0*$/.test(value)) continue
      if (digest(name, archive) === value.toLowerCase()) right.add(name)
      else wrong.push(`the payload does not match the ${name} checksum in its header`)
    }
    start += size
  }
  return { wrong, right: [...right] }
}

const digest = (name: string, bytes: Uint8Array): string =>
  name === "CRC"
    ? String(cksum(bytes))
    : createHash(name === "MD5" ? "md5" : "sha256")
        .update(bytes)
        .digest("hex")

const table = new Uint32Array(256).map((_, at) => {
  let value = at << 24
  for (let bit = 0; bit < 8; bit++) value = (value & 0x80000000) === 0 ? value << 1 : (value << 1) ^ 0x04c11db7
  return value
})

/** The checksum of POSIX `cksum`. `node:zlib` does not have it: its CRC-32 is a different one. */
const cksum = (bytes: Uint8Array): number => {
  let crc = 0
  const take = (byte: number) => {
    crc = (crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] ?? 0)
  }
  for (const byte of bytes) take(byte)
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) take(length & 0xff)
  return ~crc >>> 0
}
