/**
 * The server of the suite `requests`: Node's own, with one small JSON answer for each request, in a process of its own.
 */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { answering } from "../Child.ts"
import { thing } from "./thing.ts"

const body = Buffer.from(JSON.stringify(thing))
const head = { "Content-Type": "application/json", "Content-Length": body.byteLength }

const server = http.createServer({ keepAliveTimeout: 600_000 }, (_, response) => {
  response.writeHead(200, head)
  response.end(body)
})

answering<"listen", string>(
  () =>
    new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
    })
)
