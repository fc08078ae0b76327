import type { MethodName } from '../../contracts.js';
import { sealedBy } from '../../crypto/keyring.js';
import { importingMethods } from '../../methods/built-in.js';
import { sealingContext } from '../../methods/sealing-context.js';
import type { StoreScan } from '../../store/scan.js';
import type { Report } from '../findings.js';
import type { Keys } from '../keys.js';
import { inWords, type SealedOfSetting, sealedCounts, sealedOf, usable } from '../sealed-counts.js';

/** How many damaged values are named; the rest is counted. */
const NAMED = 10;

/** A sealed value of an organization's setting that opens. */
export interface OpenSetting extends SealedOfSetting {
  readonly organizationId: string;
}

/**
 * Counts what each key has sealed, unknown keys included, and opens all that can be opened: so that values that were
 * altered, or moved from one person to another, are found here and not at a login.
 */
export async function examineKeys(
  scan: StoreScan,
  keys: Keys | null,
  now: number,
  report: Report,
): Promise<readonly OpenSetting[]> {
  const ids = keys?.ids ?? [];
  const counts = sealedCounts(ids);
  const damaged: string[] = [];
  const lost: string[] = [];
  const open: OpenSetting[] = [];
  let weak = 0;

  function opens(what: string, sealed: Uint8Array, unseal: () => void): boolean {
    if (!ids.includes(sealedBy(sealed))) return false;
    try {
      unseal();
      return true;
    } catch {
      damaged.push(what);
      return false;
    }
  }

  for await (const batch of scan.subjects()) {
    for (const subject of batch) {
      if (subject.fault) lost.push(subject.fault);
      counts.addDigests(subject, now);
      for (const { id, method, sealed } of usable(subject, now)) {
        counts.add(sealedBy(sealed), 'secrets');
        opens(`${method} of subject ${subject.id}`, sealed, () => {
          const secret = keys?.keyring.open(sealed, sealingContext(method, subject.id, id));
          if (secret && isWeak(method, secret)) weak += 1;
        });
      }
    }
  }
  for await (const batch of scan.organizations()) {
    for (const organization of batch) {
      const { id } = organization;
      if (organization.fault) lost.push(organization.fault);
      for (const one of sealedOf(organization)) {
        const { method, bytes, stored, sealed } = one;
        counts.addSetting(sealedBy(bytes), method);
        const good = opens(`${method} of organization ${id}`, bytes, () => {
          if (keys) sealed.open(keys.keyring, id, stored);
        });
        if (good) open.push({ ...one, organizationId: id });
      }
    }
  }

  if (keys) reportKeys(ids, counts.byKey, report);
  else {
    report('WARN', 'keys', 'SALLYPORT_KEYS is not set: counted only, nothing was opened');
    for (const [id, count] of counts.byKey) {
      report('WARN', 'keys', `key ${id} holds ${inWords(count)}`);
    }
  }
  if (weak > 0) {
    const [secrets, are] = weak === 1 ? ['secret', 'is'] : ['secrets', 'are'];
    const advice = 'their owners should activate a new app, and remove the old one';
    report(
      'WARN',
      'secrets',
      `${weak} imported ${secrets} ${are} shorter than 16 bytes: ${advice}`,
    );
  }
  const missing = await scan.missing();
  for (const id of missing.subjects) lost.push(`The record of subject ${id} is gone`);
  for (const id of missing.organizations) lost.push(`The record of organization ${id} is gone`);
  if (missing.unnamed > 0) {
    const [records, are] = missing.unnamed === 1 ? ['record', 'is'] : ['records', 'are'];
    lost.push(`${missing.unnamed} ${records} of subjects that cannot be named ${are} gone`);
  }
  if (damaged.length > 0) {
    report('FAIL', 'records', `altered, or belong to another: ${named(damaged)}`);
  } else if (keys) report('OK', 'records', 'everything under these keys opens');
  if (lost.length > 0) {
    const advice = 'restore a backup; or reset the user, or save the organization’s setting again';
    report('FAIL', 'ledger', `${named(lost)}: whom it concerns gets a 503. ${advice}`);
  } else report('OK', 'ledger', 'no record is damaged, gone or an older one');
  return open;
}

/** Whether an imported secret is weaker than those that are made here. */
function isWeak(method: MethodName, secret: Uint8Array): boolean {
  const imports = importingMethods.find(({ name }) => name === method)?.imports;
  return imports?.kind !== 'codes' && imports?.isWeak?.(secret) === true;
}

function named(all: readonly string[]): string {
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${all.slice(0, NAMED).join('; ')}${more}`;
}

function reportKeys(
  ids: readonly string[],
  byKey: ReadonlyMap<string, Parameters<typeof inWords>[0]>,
  report: Report,
): void {
  for (const [id, count] of byKey) {
    const words = inWords(count);
    const sealed = count.secrets > 0 || Object.keys(count.settings).length > 0;
    if (id === ids[0]) report('OK', 'keys', `key ${id} (the first) holds ${words}`);
    else if (!ids.includes(id)) {
      const effect = sealed ? 'whoever depends on it gets a 503' : 'they are refused as wrong';
      const advice = `put it back behind the first; ${effect}`;
      report('FAIL', 'keys', `key ${id} is not among SALLYPORT_KEYS and holds ${words}: ${advice}`);
    } else if (words === 'nothing') {
      const advice = 'it can go, unless it is new and is to be put first';
      report('OK', 'keys', `key ${id} (older) holds nothing: ${advice}`);
    } else {
      const advice = sealed
        ? 'run npx sallyport reseal'
        : 'keep it until these are spent, renewed or expired';
      report('WARN', 'keys', `key ${id} (older) holds ${words}: ${advice}`);
    }
  }
}
