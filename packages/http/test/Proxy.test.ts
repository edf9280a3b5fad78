import { assert, describe, it } from "@effect/vitest"
import * as Proxy from "@privx-kit/http/Proxy"
import * as Redacted from "effect/Redacted"

const outcome = (url: string, environment: Proxy.Environment) => {
  const choice = Proxy.choose(new URL(url), environment)
  return choice._tag === "Proxied" ? `${choice.proxy.origin} (${choice.source})` : choice._tag
}

const proxied = { https_proxy: "http://proxy.example:3128" }

describe("Proxy.choose", () => {
  it.each<[string, string, Proxy.Environment, string]>([
    ["none", "https://privx.example", {}, "Direct"],
    ["an empty variable", "https://privx.example", { HTTPS_PROXY: " " }, "Direct"],
    [
      "lower case first",
      "https://privx.example",
      { https_proxy: "a:1", HTTPS_PROXY: "b:2" },
      "http://a:1 (https_proxy)"
    ],
    ["upper case", "https://privx.example", { HTTPS_PROXY: "b:2" }, "http://b:2 (HTTPS_PROXY)"],
    [
      "ALL_PROXY for want of another",
      "https://privx.example",
      { ALL_PROXY: "socks5h://c:1080" },
      "socks5h://c:1080 (ALL_PROXY)"
    ],
    ["not HTTP_PROXY for https", "https://privx.example", { HTTP_PROXY: "d:1" }, "Direct"],
    ["not HTTPS_PROXY for http", "http://privx.example", { HTTPS_PROXY: "d:1" }, "Direct"],
    ["HTTP_PROXY for http", "http://privx.example", { HTTP_PROXY: "d:1" }, "http://d:1 (HTTP_PROXY)"],
    ["not HTTP_PROXY in a CGI program", "http://privx.example", { HTTP_PROXY: "d:1", REQUEST_METHOD: "GET" }, "Direct"]
  ])("takes %s", (_, url, environment, expected) => {
    assert.strictEqual(outcome(url, environment), expected)
  })

  it.each(["localhost", "privx.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "localhost.", "[::ffff:127.0.0.1]"])(
    "never takes a proxy to this machine: %s",
    (host) => {
      for (const scheme of ["http", "https"]) {
        const environment = { http_proxy: "p:1", https_proxy: "p:1", all_proxy: "p:1" }
        assert.strictEqual(outcome(`${scheme}://${host}/`, environment), "Direct")
      }
    }
  )

  it.each([
    ["*", "privx.example"],
    ["privx.example", "privx.example"],
    ["PrivX.Example", "privx.example"],
    ["privx.example.", "privx.example"],
    ["privx.example", "privx.example."],
    [".example", "privx.example"],
    ["*.example", "privx.example"],
    ["example", "deep.privx.example"],
    ["other, privx.example", "privx.example"],
    ["other privx.example", "privx.example"],
    ["privx.example:8443", "privx.example:8443"],
    ["10.0.0.0/8", "10.1.2.3"],
    ["10.1.2.3", "10.1.2.3"],
    ["192.168.0.0/16,10.1.2.3/32", "10.1.2.3"],
    ["0.0.0.0/0", "10.1.2.3"],
    ["fd00::/8", "[fd12::1]"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "[2001:db8::1]"],
    ["[2001:db8::1]", "[2001:db8::1]"],
    ["[2001:db8::1]:8443", "[2001:db8::1]:8443"]
  ])("goes around the proxy: NO_PROXY=%s for %s", (list, host) => {
    assert.strictEqual(outcome(`https://${host}`, { ...proxied, NO_PROXY: list }), "Direct")
  })

  it.each([
    ["ivx.example", "privx.example"],
    ["privx.example.com", "privx.example"],
    ["privx.example:8443", "privx.example"],
    ["10.0.0.0/8", "11.1.2.3"],
    ["10.0.0.0/33", "10.1.2.3"],
    ["10.0.0.0/x", "10.1.2.3"],
    ["10.1.2", "10.1.2.3"],
    ["0.0.0.0/0", "privx.example"],
    ["fd00::/8", "[fe80::1]"],
    ["", "privx.example"],
    [",, ,", "privx.example"]
  ])("does not go around it: NO_PROXY=%s for %s", (list, host) => {
    assert.strictEqual(
      outcome(`https://${host}`, { ...proxied, NO_PROXY: list }),
      "http://proxy.example:3128 (https_proxy)"
    )
  })
})

describe("Proxy.parse", () => {
  it.each([
    ["proxy.example:3128", "http://proxy.example:3128"],
    ["proxy.example", "http://proxy.example:1080"],
    ["http://proxy.example:80/", "http://proxy.example:80"],
    ["HTTP://proxy.example:3128", "http://proxy.example:3128"],
    ["https://proxy.example", "https://proxy.example:443"],
    ["socks5://10.0.0.1", "socks5://10.0.0.1:1080"],
    ["socks5h://[fd00::1]:9050", "socks5h://[fd00::1]:9050"],
    ["socks://127.0.0.1:1080/", "socks5h://127.0.0.1:1080"],
    ["10.0.0.1:8080", "http://10.0.0.1:8080"]
  ])("reads %s", (text, origin) => {
    const proxy = Proxy.parse(text)
    assert.strictEqual(typeof proxy === "string" ? proxy : proxy.origin, origin)
  })

  it.each([
    ["http://alice:pa%40ss@p:1", "alice", "pa@ss"],
    ["http://alice:100%@p:1", "alice", "100%"],
    ["http://alice:50%off%21@p:1", "alice", "50%off!"],
    ["alice:a@b:c/d#e@p:1", "alice", "a@b:c/d#e"],
    ["http://alice@p:1", "alice", ""],
    ["socks5://DOM%5Cbob:x@p:1", "DOM\\bob", "x"]
  ])("reads the credentials of %s", (text, username, password) => {
    const proxy = Proxy.parse(text)
    assert.isObject(proxy)
    if (typeof proxy === "string") return
    assert.strictEqual(proxy.credentials?.username, username)
    assert.strictEqual(proxy.credentials === undefined ? "" : Redacted.value(proxy.credentials.password), password)
    assert.include(JSON.stringify(proxy), "<redacted:proxy password>")
  })

  it.each([
    "ftp://p:1",
    "socks4://p:1",
    "http://",
    "http://:3128",
    "p:0",
    "p:70000",
    "p:abc",
    "http://[zz]:1",
    "http://a b:1"
  ])("says what is wrong with %s", (text) => {
    assert.isString(Proxy.parse(text))
  })
})
