/** Downloads as one would write them in Node: each hashes, writes to a file, and answers with the hash. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as net from "node:net"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { Download } from "./Download.ts"

/** A step of a pipeline that hashes what goes through it. */
const hashing = (hash: ReturnType<typeof createHash>) =>
  new Transform({
    transform(chunk, _, done) {
      hash.update(chunk)
      done(null, chunk)
    }
  })

export const got: Download = async (url, file) => {
  const { default: got } = await import("got")
  const hash = createHash("sha256")
  await pipeline(got.stream(url), hashing(hash), fs.createWriteStream(file))
  return hash.digest("hex")
}

export const undiciPipeline: Download = async (url, file) => {
  const { request } = await import("undici")
  const hash = createHash("sha256")
  const { body } = await request(url)
  await pipeline(body, hashing(hash), fs.createWriteStream(file))
  return hash.digest("hex")
}

/** The fastest that one would write by hand on undici: blocks the event loop for each write. */
export const undiciDispatch: Download = async (url, file) => {
  const { Agent } = await import("undici")
  const agent = new Agent()
  const hash = createHash("sha256")
  const target = fs.openSync(file, "w")
  const { origin, pathname } = new URL(url)
  await new Promise<void>((resolve, reject) => {
    agent.dispatch(
      { origin, path: pathname, method: "GET" },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(_, chunk) {
          hash.update(chunk)
          for (let at = 0; at < chunk.byteLength;) at += fs.writeSync(target, chunk, at)
        },
        onResponseEnd: () => resolve(),
        onResponseError: (_, error) => reject(error)
      }
    )
  })
  fs.closeSync(target)
  return hash.digest("hex")
}

/** No HTTP client at all: what the socket, the hash and the file allow in one thread. */
export const rawSocket: Download = (url, file) =>
  new Promise((resolve, reject) => {
    const { host, hostname, pathname, port } = new URL(url)
    const hash = createHash("sha256")
    const target = fs.openSync(file, "w")
    let head: string | undefined = ""
    const write = (chunk: Uint8Array) => {
      hash.update(chunk)
      for (let at = 0; at < chunk.byteLength;) at += fs.writeSync(target, chunk, at)
    }
    const socket = net.connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer: Buffer.allocUnsafe(1024 * 1024),
        callback: (count, buffer) => {
          const chunk = buffer.subarray(0, count)
          if (head === undefined) {
            write(chunk)
            return true
          }
          head += Buffer.from(chunk).toString("latin1")
          const end = head.indexOf("\r\n\r\n")
          if (end >= 0) {
            write(Buffer.from(head.slice(end + 4), "latin1"))
            head = undefined
          }
          return true
        }
      }
    })
    socket.on("error", reject)
    socket.on("end", () => {
      fs.closeSync(target)
      resolve(hash.digest("hex"))
    })
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  })
