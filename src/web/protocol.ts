/** The fields of our JSON, which mean the same in every answer that has them. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['next', 'method', 'methods', 'url', 'why', 'subject', 'csrfToken'],
  ...['error', 'message', 'values', 'retryAt', 'clockOffSeconds'],
  ...['graceEndsAt', 'rememberDays', 'fallback', 'handedOver', 'activationKey'],
  ...['recoveryCodes', 'recoveryCodesLeft'],
]);

/**
 * A method's data beside our own fields. It never replaces our fields, nor sets one that we leave out: a method's
 * `error` would turn a success into a refusal.
 */
export function besideProtocol(
  data: Readonly<Record<string, unknown>>,
  protocol: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const own = Object.entries(data).filter(([name]) => !FIELDS.has(name));
  return { ...Object.fromEntries(own), ...protocol };
}
