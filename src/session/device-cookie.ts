import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Keyring, Subject } from '../contracts.js';
import { ownCookie } from './own-cookie.js';

const cookie = ownCookie('sallyport.device');
/** Entries of other doors under this host name, since cookies ignore ports and may ignore paths: kept as they are. */
const MAX_OTHERS = 3;
/** Nothing that a door has sealed is shorter. */
const SEALED_LENGTH = 60;
/** Nothing that a door has sealed is longer; a browser drops a cookie of 4 096 bytes. */
const MAX_OTHERS_LENGTH = 2500;
const OTHERS_KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** How many people, or organizations of theirs, one browser remembers; the one used longest ago is dropped. */
const MAX_ENTRIES = 8;

/** One remembered device in the cookie. */
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
  /** Replaces this owner's entry; null removes it. The others stay. */
  write(req: Request, res: Response, owner: Owner, entry: DeviceEntry | null): void;
}

/**
 * The sealed cookie of remembered devices: an entry for each person and organization using this browser, so that they
 * do not replace each other. At most about a kilobyte.
 */
export function deviceCookie({
  keyring,
  origin,
  path,
  now,
}: {
  readonly keyring: Keyring;
  readonly origin: string;
  /** The path of the door's pages: with the origin it identifies a door of a host name. */
  readonly path?: string | undefined;
  readonly now: () => number;
}): DeviceCookie {
  const everywhere = { origin, path: '/' };
  const sealedFor = JSON.stringify(['remembered-device', origin, path ?? null]);

  /** The entries of this door, and those of others. */
  function partsOf(req: Request): { own: readonly StoredEntry[]; others: readonly string[] } {
    const found = cookie.of(req) ?? '';
    const parts = (/^[\w.-]+/.exec(found)?.[0].split('.') ?? []).map((part) => ({
      part,
      entries: opened(part),
    }));
    const others = parts
      .filter(({ part, entries }) => entries === null && part.length >= SEALED_LENGTH)
      .map(({ part }) => part);
    return {
      own: parts.find(({ entries }) => entries !== null)?.entries ?? [],
      others: others.join('.').length > MAX_OTHERS_LENGTH ? [] : others.slice(0, MAX_OTHERS),
    };
  }

  /** Null for an entry that is not ours. */
  function opened(part: string): readonly StoredEntry[] | null {
    try {
      const plain = keyring.open(Buffer.from(part, 'base64url'), sealedFor);
      const entries: unknown = JSON.parse(Buffer.from(plain).toString());
      return Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch {
      return null;
    }
  }

  return {
    read(req, owner) {
      const name = nameOf(owner);
      const found = partsOf(req).own.find(([one]) => one === name);
      return found ? { id: found[1], token: found[2], endsAt: found[3] } : null;
    },

    write(req, res, owner, entry) {
      const name = nameOf(owner);
      const at = now();
      const { own: present, others: strangers } = partsOf(req);
      const others = present.filter(([one, , , endsAt]) => one !== name && endsAt > at);
      const own: StoredEntry[] = entry ? [[name, entry.id, entry.token, entry.endsAt]] : [];
      const entries = [...own, ...others].slice(0, MAX_ENTRIES);
      const sealed =
        entries.length === 0 ? [] : [keyring.seal(Buffer.from(JSON.stringify(entries)), sealedFor)];
      const parts = [...sealed.map((one) => Buffer.from(one).toString('base64url')), ...strangers];
      if (parts.length === 0) {
        cookie.clear(res, everywhere);
        return;
      }
      const lasts = entries.map(([, , , endsAt]) => endsAt - at);
      const maxAge = Math.max(strangers.length > 0 ? OTHERS_KEPT_MS : 0, ...lasts);
      cookie.set(res, everywhere, parts.join('.'), maxAge);
    },
  };
}

/** A digest of fixed length, so that the cookie's size is bounded. */
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
