/** The fields of our JSON that mean the same in every answer, whether or not one has them. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['next', 'method', 'methods', 'url', 'why', 'subject', 'csrfToken'],
  ...['error', 'message', 'values', 'retryAt', 'clockOffSeconds'],
  ...['graceEndsAt', 'rememberDays', 'fallback', 'handedOver', 'activationKey'],
  ...['recoveryCodes', 'recoveryCodesLeft'],
]);

/**
 * What a method tells a program, beside what we tell it: never in its place, and never where we say nothing, or
 * a method's `error` would make a refusal of an answer that is none.
 */
export function besideProtocol(
  data: Readonly<Record<string, unknown>>,
  protocol: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const own = Object.entries(data).filter(([name]) => !FIELDS.has(name));
  return { ...Object.fromEntries(own), ...protocol };
}
