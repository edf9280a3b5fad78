/**
 * What the transport takes from Node: sockets, certificates, compression. A bundler for browsers puts `platformOfBrowser.ts` in
 * its place, by the `imports` of package.json.
 */
export { ofSocket as peerOf } from "../Peer.ts"
export { unpack } from "./contentEncoding.ts"
export { expect as expectSocket } from "./sentOn.ts"
export { endLending, lend } from "./socketReader.ts"
export { open, type Opened, routeOf, warnOfEnvironment } from "./sockets.ts"
