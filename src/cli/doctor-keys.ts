import { sealedBy } from '../crypto/keyring.js';
import { openCredentials } from '../methods/duo/credentials.js';
import { sealingContext } from '../methods/sealing-context.js';
import type { RedisScan } from '../store/redis/scan.js';
import type { Report } from './findings.js';
import { duoKeysOf, holdings, inWords, usable } from './holdings.js';
import type { Keys } from './keys.js';

/** So many of what is damaged are named; the rest is counted. */
const NAMED = 10;

/** An organization's own keys for Duo, which open. */
export interface DuoTenant {
  readonly id: string;
  readonly credentials: ReturnType<typeof openCredentials>;
}

/**
 * Counts what each key holds, unknown keys included, and opens all that can be opened: what was altered, or
 * moved from one person to another, is found here and not when somebody stands before the door.
 */
export async function examineKeys(
  scan: RedisScan,
  keys: Keys | null,
  now: number,
  report: Report,
): Promise<readonly DuoTenant[]> {
  const ids = keys?.ids ?? [];
  const held = holdings(ids);
  const damaged: string[] = [];
  const tenants: DuoTenant[] = [];

  function opens<T>(what: string, sealed: Uint8Array, open: () => T): T | null {
    if (!ids.includes(sealedBy(sealed))) return null;
    try {
      return open();
    } catch {
      damaged.push(what);
      return null;
    }
  }

  for await (const batch of scan.subjects()) {
    for (const subject of batch) {
      if (!subject.held) damaged.push(`subject ${subject.id}`);
      held.addDigests(subject, now);
      for (const { id, method, sealed } of usable(subject, now)) {
        held.add(sealedBy(sealed), 'secrets');
        opens(`${method} of subject ${subject.id}`, sealed, () =>
          keys?.keyring.open(sealed, sealingContext(method, subject.id, id)),
        );
      }
    }
  }
  for await (const batch of scan.organizations()) {
    for (const organization of batch) {
      const { id } = organization;
      if (organization.damaged) damaged.push(`the setting of organization ${id}`);
      const stored = duoKeysOf(organization);
      if (!stored) continue;
      const sealed = Buffer.from(stored.sealedSecret, 'base64');
      held.add(sealedBy(sealed), 'duoKeys');
      const credentials = opens(`duo of organization ${id}`, sealed, () =>
        keys ? openCredentials(keys.keyring, id, stored) : null,
      );
      if (credentials) tenants.push({ id, credentials });
    }
  }

  if (keys) reportKeys(ids, held.byKey, report);
  else {
    report('WARN', 'keys', 'SALLYPORT_KEYS is not set: counted only, nothing was opened');
    for (const [id, holding] of held.byKey) {
      report('WARN', 'keys', `key ${id} holds ${inWords(holding)}`);
    }
  }
  if (damaged.length > 0) {
    const more = damaged.length > NAMED ? ` and ${damaged.length - NAMED} more` : '';
    report(
      'FAIL',
      'records',
      `altered, or belong to another: ${damaged.slice(0, NAMED).join('; ')}${more}`,
    );
  } else if (keys) report('OK', 'records', 'everything under these keys opens');
  return tenants;
}

function reportKeys(
  ids: readonly string[],
  byKey: ReadonlyMap<string, Parameters<typeof inWords>[0]>,
  report: Report,
): void {
  for (const [id, holding] of byKey) {
    const words = inWords(holding);
    const sealed = holding.secrets + holding.duoKeys > 0;
    if (id === ids[0]) report('OK', 'keys', `key ${id} (the first) holds ${words}`);
    else if (!ids.includes(id)) {
      const advice = 'put it back behind the first; whoever depends on it gets a 503';
      report('FAIL', 'keys', `key ${id} is not among SALLYPORT_KEYS and holds ${words}: ${advice}`);
    } else if (words === 'nothing') {
      report('OK', 'keys', `key ${id} (older) holds nothing any more: it can go`);
    } else {
      const advice = sealed
        ? 'run npx sallyport reseal'
        : 'keep it until these are spent, renewed or expired';
      report('WARN', 'keys', `key ${id} (older) holds ${words}: ${advice}`);
    }
  }
}
