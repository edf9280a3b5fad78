/** The host of `host`, `host:port`, `[address]:port` or a URL. */
export const hostOf = (address: string): string => {
  const authority = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/@]*@)?([^/?#]*)/i.exec(address.trim())?.[1] ?? ""
  const literal = /^\[([^\]]*)\]/.exec(authority)?.[1]
  // Two colons without brackets are an IPv6 address without a port.
  return literal ?? (authority.split(":").length > 2 ? authority : authority.replace(/:\d*$/, ""))
}
