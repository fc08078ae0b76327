/**
 * The longest deadline that a store takes, for suites that are not about a server that hangs: they run side by side
 * on a busy machine.
 */
export const UNHURRIED = Object.freeze({ timeout: 2000 });
