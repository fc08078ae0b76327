/** The hosts of Duo's API. No other host is ever called: no port, no user, no other name. */
const API_HOST = /^api-[a-z0-9]{1,59}\.(duosecurity|duofederal)\.com$/;

/** The host name from what was typed or pasted; null unless it is Duo's. */
export function readApiHost(value: unknown): string | null {
  // Checked for ASCII before lower-casing, since the Kelvin sign would become a plain k. Only spaces are trimmed.
  if (typeof value !== 'string' || !/^[ -~]{1,253}$/.test(value)) return null;
  const host = value.trim().toLowerCase();
  return isApiHost(host) ? host : null;
}

export function isApiHost(value: unknown): value is string {
  return typeof value === 'string' && API_HOST.test(value);
}
