/** Downloads into a file, and answers with the SHA-256 of the body in hexadecimal. */
export type Download = (url: string, file: string) => Promise<string>
