/** The modules of `@privx-kit/files`; a program imports the one it needs, `@privx-kit/files/DurableFile`. */
export * as BoundedFile from "./BoundedFile.ts"
export * as DirectoryFlush from "./DirectoryFlush.ts"
export * as DurableFile from "./DurableFile.ts"
export * as FileOwnership from "./FileOwnership.ts"
export * as LocalFile from "./LocalFile.ts"
