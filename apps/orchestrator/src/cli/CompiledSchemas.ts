/**
 * Compiles schemas to code on first use, for commands that run long or process much data. Decoding and encoding (the
 * journal, the record, manifests, responses of PrivX) then takes an eighth of the time. Short commands would end before
 * that pays off: compiling takes a tenth of a second and some megabytes.
 *
 * Imported for its effect by the module that does the work of such a command. It changes only the time. If code
 * generation from strings is disabled (`node --disallow-code-generation-from-strings`), it changes nothing.
 */
import "effect/schema/SchemaJITCompiler/enable"
