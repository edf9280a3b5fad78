/**
 * The functions of Node that the transport uses: sockets, certificates, compression. For browsers, a bundler replaces
 * this module with `platformOfBrowser.ts`, through the `imports` of package.json.
 */
export { ofSocket as peerOf } from "../Peer.ts"
export { unpack } from "./contentEncoding.ts"
export { expect as expectSocket } from "./sentOn.ts"
export { endLending, lend } from "./socketReader.ts"
export { open, type Opened, routeOf, warnOfEnvironment } from "./sockets.ts"
