/**
 * For commands that run long or do much: schemas become code when they are first used, and what goes through
 * them (the journal, the record, manifests, PrivX's answers) then takes an eighth of the time. Others would end before that
 * pays: it takes a tenth of a second and some megabytes.
 *
 * To be imported for its effect, by the module that does the work of such a command. Nothing changes but the time; where code
 * may not be made from text (`node --disallow-code-generation-from-strings`), nothing changes at all.
 */
import "effect/schema/SchemaJITCompiler/enable"
