/**
 * The file name of a delivered setup script.
 *
 * @since 0.1.0
 */

/**
 * The name of the script in the output directory and in the statement of its attestation.
 *
 * @since 0.1.0
 * @category constants
 */
export const scriptName = "privx-ueba-setup.sh"
