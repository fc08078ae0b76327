/** The hosts that Duo serves its API from. Nothing else is ever talked to: no port, no user, no other name. */
const API_HOST = /^api-[a-z0-9]{1,59}\.(duosecurity|duofederal)\.com$/;

/** What was typed or pasted, as the host name it stands for; null for everything that is not Duo's. */
export function readApiHost(value: unknown): string | null {
  // ASCII only, before lowering: the Kelvin sign would become a plain k. Spaces are all that is trimmed.
  if (typeof value !== 'string' || !/^[ -~]{1,253}$/.test(value)) return null;
  const host = value.trim().toLowerCase();
  return isApiHost(host) ? host : null;
}

export function isApiHost(value: unknown): value is string {
  return typeof value === 'string' && API_HOST.test(value);
}
