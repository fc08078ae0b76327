import type { ScannedOrganization, ScannedSubject } from '../store/scan.js';

/** How much of what is stored depends on one key. */
export interface Holding {
  /** Secrets of authenticators, active and pending. */
  secrets: number;
  recoveryCodes: number;
  activationKeys: number;
  /** Secret keys of Duo. */
  duoKeys: number;
}

const WORDS: readonly (readonly [keyof Holding, string, string])[] = [
  ['secrets', 'sealed secret', 'sealed secrets'],
  ['duoKeys', 'Duo key', 'Duo keys'],
  ['recoveryCodes', 'recovery code', 'recovery codes'],
  ['activationKeys', 'activation key', 'activation keys'],
];

/** `3 sealed secrets, 20 recovery codes`, or `nothing`. */
export function inWords(holding: Holding): string {
  const parts = WORDS.filter(([kind]) => holding[kind] > 0).map(
    ([kind, one, many]) => `${holding[kind]} ${holding[kind] === 1 ? one : many}`,
  );
  return parts.join(', ') || 'nothing';
}

export interface Holdings {
  /** By key id, with an entry for each key of the keyring. */
  readonly byKey: ReadonlyMap<string, Holding>;
  add(keyId: string, kind: keyof Holding, count?: number): void;
  /** What a subject has besides sealed secrets: digests, which nothing can put under another key. */
  addDigests(subject: ScannedSubject, now: number): void;
}

export function holdings(ids: readonly string[]): Holdings {
  const byKey = new Map<string, Holding>();
  const of = (keyId: string): Holding => {
    const present = byKey.get(keyId) ?? {
      secrets: 0,
      recoveryCodes: 0,
      activationKeys: 0,
      duoKeys: 0,
    };
    byKey.set(keyId, present);
    return present;
  };
  for (const id of ids) of(id);

  return {
    byKey,
    add(keyId, kind, count = 1) {
      of(keyId)[kind] += count;
    },
    addDigests({ held }, now) {
      if (!held) return;
      for (const [keyId, count] of held.recoveryCodes) of(keyId).recoveryCodes += count;
      const { activationKey } = held;
      if (activationKey && now < activationKey.endsAt) of(activationKey.keyId).activationKeys += 1;
    },
  };
}

/** The enrollments of a subject that may still be used: active ones, and a pending one in time. */
export function usable({ held }: ScannedSubject, now: number) {
  if (!held) return [];
  const { enrollments, pending } = held;
  return pending && now < pending.expiresAt ? [...enrollments, pending] : [...enrollments];
}

interface StoredDuoKeys {
  readonly clientId: string;
  readonly apiHost: string;
  readonly sealedSecret: string;
  readonly version: string;
}

/** What an organization has stored for Duo; null when it has nothing. */
export function duoKeysOf({ setting }: ScannedOrganization): StoredDuoKeys | null {
  const duo = setting?.value.duo as { readonly keys?: StoredDuoKeys } | null | undefined;
  return typeof duo?.keys?.sealedSecret === 'string' ? duo.keys : null;
}
