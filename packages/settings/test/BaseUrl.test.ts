import { assert, describe, it } from "@effect/vitest"
import * as BaseUrl from "../src/BaseUrl.ts"

const check = (text: string, insecureHttp = false) => BaseUrl.check(text, { insecureHttp })

describe("BaseUrl.check", () => {
  it("accepts https anywhere, and http only to this machine", () => {
    for (const text of [
      "https://privx.example.com",
      "https://privx.example.com:8443/prefix/",
      "http://localhost:8080",
      "http://privx.localhost",
      "http://127.1.2.3",
      "http://[::1]:80"
    ]) {
      assert.property(check(text), "url", text)
    }
    for (const text of ["http://privx.example.com", "http://10.0.0.1", "http://localhost.example.com"]) {
      assert.property(check(text), "problem", text)
      assert.property(check(text, true), "url", text)
    }
  })

  it("refuses what cannot be meant", () => {
    for (const text of [
      "privx.example.com",
      "",
      "ftp://privx.example.com",
      "https://a/?x=1",
      "https://a/#x",
      "https://"
    ]) {
      assert.property(check(text), "problem", text)
    }
  })

  it("refuses a password in the URL without showing it", () => {
    const checked = check("https://admin:hunter2@privx.example.com")
    assert.property(checked, "problem")
    assert.notInclude(JSON.stringify(checked), "hunter2")
    assert.notInclude(JSON.stringify(checked), "admin")
  })
})
