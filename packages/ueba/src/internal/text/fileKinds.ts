/**
 * Names the kind of bytes that are not UTF-8: a known file format by its first bytes, or text in another encoding. The
 * list contains only what the download of a script can plausibly be, so no library of hundreds of formats is needed.
 */

/** First bytes in hexadecimal, with their offset. Sources: the specifications of the formats. */
const signatures: ReadonlyArray<readonly [name: string, hex: string, offset?: number]> = [
  ["gzip", "1f8b"],
  ["zip", "504b0304"],
  ["zip", "504b0506"],
  ["xz", "fd377a585a00"],
  ["bzip2", "425a68"],
  ["Zstandard", "28b52ffd"],
  ["LZ4", "04224d18"],
  ["LZMA", "5d000080"],
  ["LZMA", "5d000000"],
  ["compress", "1f9d"],
  ["7-Zip", "377abcaf271c"],
  ["tar", "7573746172", 257],
  ["an ELF program", "7f454c46"],
  ["a Windows program", "4d5a90"],
  ["a Debian package", "213c617263683e0a64656269616e2d62696e617279"],
  ["an archive of ar", "213c617263683e0a"],
  ["an RPM package", "edabeedb"],
  ["cpio", "303730373031"],
  ["a PDF document", "255044462d"],
  ["a PNG image", "89504e470d0a1a0a"],
  ["a JPEG image", "ffd8ff"],
  ["a GIF image", "474946383961"],
  ["an OpenPGP file", "8502"],
  ["encrypted by openssl enc", "53616c7465645f5f"],
  ["a SQLite database", "53514c69746520666f726d61742033"]
]

/** The format whose signature these bytes start with: `gzip`, `an ELF program`. */
export const fileKindOf = (bytes: Uint8Array): string | undefined =>
  signatures.find(
    ([, hex, offset = 0]) =>
      bytes.length >= offset + hex.length / 2 &&
      Buffer.from(bytes.subarray(offset, offset + hex.length / 2)).equals(Buffer.from(hex, "hex"))
  )?.[0]

/** Encodings with two or four bytes per character that people use by mistake when they save a script. */
export const wideEncodingOf = (bytes: Uint8Array): string | undefined => {
  const [a, b, c, d] = bytes
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 && bytes.length >= 4 ? "UTF-32" : "UTF-16, little-endian"
  if (a === 0xfe && b === 0xff) return "UTF-16, big-endian"
  const start = bytes.subarray(0, 2048)
  if (start.length < 8) return undefined
  const zeros = [0, 0]
  for (const [at, byte] of start.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  const most = 0.8 * (start.length / 2)
  return odd >= most && even < most / 4
    ? "UTF-16, little-endian"
    : even >= most && odd < most / 4
      ? "UTF-16, big-endian"
      : undefined
}

/**
 * The probable single-byte encoding of the bytes, or `undefined` if they do not look like text. Call it with bytes that
 * are not UTF-8.
 */
export const narrowEncodingOf = (bytes: Uint8Array): "Latin-1" | "Windows-1252" | undefined => {
  let high = 0
  let c1 = 0
  for (const byte of bytes) {
    // Text contains no control characters except TAB, LF, FF, CR and ESC; compressed data is full of them.
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x1b)
      return undefined
    if (byte >= 0x80) high += 1
    if (byte >= 0x80 && byte < 0xa0) c1 += 1
  }
  if (high > Math.max(16, bytes.length * 0.3)) return undefined
  return c1 === 0 ? "Latin-1" : "Windows-1252"
}
