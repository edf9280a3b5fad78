/** The program that manifests name as the one that made them. */
import pkg from "../../package.json" with { type: "json" }

export const kit = { name: pkg.name, version: pkg.version }
