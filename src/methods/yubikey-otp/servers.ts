import { authorityId } from '../../contracts.js';

/** Where the codes of all keys are checked that left the factory as they are. */
const YUBICLOUD = 'https://api.yubico.com/wsapi/2.0/verify';
const PATH = '/wsapi/2.0/verify';
export const MOST_SERVERS = 5;

/** Whether an organization may name a server of this host name. */
export type OwnServers = (hostname: string, organizationId: string) => boolean;

/**
 * The address of a validation server as somebody types it: with `https:` and a name, and by default the path that
 * such servers have. null for anything else.
 */
export function readServer(typed: string): string | null {
  if (!/^https:\/\/[!-~]{1,250}$/i.test(typed) || !URL.canParse(typed)) return null;
  const url = new URL(typed);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  // A name, and no address: those of our own network would be found out by trying.
  if (!plain || !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+$/.test(url.hostname)) return null;
  return url.origin + (url.pathname === '/' ? PATH : url.pathname);
}

/** Those that are asked: an organization's own, or YubiCloud. */
export function serversOf(own: readonly string[]): readonly string[] {
  return own.length > 0 ? own : [YUBICLOUD];
}

/** Whose word it is: of YubiCloud for everybody who asks it, of the same servers for whoever asks them all. */
export function accountOf(own: readonly string[]): string {
  return authorityId(JSON.stringify(['yubikey-otp', ...[...serversOf(own)].sort()]));
}
