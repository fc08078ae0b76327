import { authorityId } from '../../contracts.js';

/** YubiCloud, which checks the codes of all factory-set keys. */
const YUBICLOUD = 'https://api.yubico.com/wsapi/2.0/verify';
const PATH = '/wsapi/2.0/verify';
export const MOST_SERVERS = 5;

/** Whether an organization may name a server of this host name. */
export type OwnServers = (hostname: string, organizationId: string) => boolean;

/**
 * The address of a validation server as typed: with `https:`, a name, and by default the usual path. null for
 * anything else.
 */
export function readServer(typed: string): string | null {
  if (!/^https:\/\/[!-~]{1,250}$/i.test(typed) || !URL.canParse(typed)) return null;
  const url = new URL(typed);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  // A name, not an IP address: otherwise addresses in our own network could be probed.
  if (!plain || !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+$/.test(url.hostname)) return null;
  return url.origin + (url.pathname === '/' ? PATH : url.pathname);
}

/** The servers to ask: an organization's own, or YubiCloud. */
export function serversOf(own: readonly string[]): readonly string[] {
  return own.length > 0 ? own : [YUBICLOUD];
}

/** The authority: YubiCloud for all who use it, or the set of an organization's own servers. */
export function accountOf(own: readonly string[]): string {
  return authorityId(JSON.stringify(['yubikey-otp', ...[...serversOf(own)].sort()]));
}
