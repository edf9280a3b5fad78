/** `host` of `host`, `host:port`, `[address]:port` and of a URL. */
export const hostOf = (address: string): string => {
  const authority = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/@]*@)?([^/?#]*)/i.exec(address.trim())?.[1] ?? ""
  const literal = /^\[([^\]]*)\]/.exec(authority)?.[1]
  // Two colons without brackets: an address of IPv6, and no port.
  return literal ?? (authority.split(":").length > 2 ? authority : authority.replace(/:\d*$/, ""))
}
