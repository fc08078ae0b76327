import { createHash } from 'node:crypto';
import type { CookieOptions, Request, Response } from 'express';
import type { Keyring, Subject } from '../contracts.js';

const COOKIE = 'sallyport.device';
const SEALED_FOR = JSON.stringify(['remembered-device']);
/** Of so many people, or organizations of theirs, a browser remembers a device; whoever was here longest ago goes. */
const MAX_ENTRIES = 8;

/** What a browser keeps of one remembered device. */
export interface DeviceEntry {
  readonly id: string;
  readonly token: string;
  /** Milliseconds since 1970, on the store's clock. */
  readonly endsAt: number;
}

type Owner = Pick<Subject, 'id' | 'tenantId'>;
type StoredEntry = readonly [owner: string, id: string, token: string, endsAt: number];

export interface DeviceCookie {
  read(req: Request, owner: Owner): DeviceEntry | null;
  /** Puts an entry in the place of the one that this owner has; null takes that one out. The others stay. */
  write(req: Request, res: Response, owner: Owner, entry: DeviceEntry | null): void;
}

/**
 * The sealed cookie of remembered devices: an entry for each person and organization who use this browser, so that
 * nobody pushes another one out. At most about a kilobyte.
 */
export function deviceCookie({
  keyring,
  origin,
  now,
}: {
  readonly keyring: Keyring;
  readonly origin: string;
  readonly now: () => number;
}): DeviceCookie {
  const attributes: CookieOptions = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: origin.startsWith('https:'),
  };

  function entriesOf(req: Request): readonly StoredEntry[] {
    const found = /(?:^|;\s*)sallyport\.device=([\w-]+)/.exec(req.headers.cookie ?? '')?.[1];
    if (found === undefined) return [];
    try {
      const plain = keyring.open(Buffer.from(found, 'base64url'), SEALED_FOR);
      const entries: unknown = JSON.parse(Buffer.from(plain).toString());
      return Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch {
      // Whatever else stands in the cookie is not one of ours, and recognizes nobody.
      return [];
    }
  }

  return {
    read(req, owner) {
      const name = nameOf(owner);
      const found = entriesOf(req).find(([one]) => one === name);
      return found ? { id: found[1], token: found[2], endsAt: found[3] } : null;
    },

    write(req, res, owner, entry) {
      const name = nameOf(owner);
      const at = now();
      const others = entriesOf(req).filter(([one, , , endsAt]) => one !== name && endsAt > at);
      const own: StoredEntry[] = entry ? [[name, entry.id, entry.token, entry.endsAt]] : [];
      const entries = [...own, ...others].slice(0, MAX_ENTRIES);
      if (entries.length === 0) {
        res.clearCookie(COOKIE, attributes);
        return;
      }
      const sealed = keyring.seal(Buffer.from(JSON.stringify(entries)), SEALED_FOR);
      res.cookie(COOKIE, Buffer.from(sealed).toString('base64url'), {
        ...attributes,
        maxAge: Math.max(0, ...entries.map(([, , , endsAt]) => endsAt - at)),
      });
    },
  };
}

/** Of one length whatever the ids are, so that the cookie is bounded. */
function nameOf({ id, tenantId }: Owner): string {
  return createHash('sha256')
    .update(JSON.stringify([id, tenantId]))
    .digest('base64url')
    .slice(0, 22);
}

function isEntry(value: unknown): value is StoredEntry {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [owner, id, token, endsAt] = value;
  return [owner, id, token].every((one) => typeof one === 'string') && Number.isFinite(endsAt);
}
