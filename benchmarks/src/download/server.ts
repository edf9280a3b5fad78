/**
 * The server of the suite `download`: sends from memory as fast as the socket takes it, in a process of its own. Bare TCP,
 * because it shares the machine with what it measures. The path says how many bytes: `/1024`.
 */
import * as net from "node:net"
import { answering } from "../Child.ts"
import { block, blockBytes } from "./content.ts"

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy())
  socket.on("data", (chunk) => {
    const bytes = Number(/^GET \/(\d+) /.exec(chunk.toString("latin1"))?.[1] ?? 0)
    socket.write(
      `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`
    )
    let left = bytes
    const send = () => {
      while (left > 0) {
        const piece = left >= blockBytes ? block : block.subarray(0, left)
        left -= piece.byteLength
        if (!socket.write(piece)) return socket.once("drain", send)
      }
      return socket.end()
    }
    send()
  })
})

answering<"listen", string>(
  () =>
    new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`))
    })
)
