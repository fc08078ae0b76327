import { EVENTS_KEPT, keepEvent } from '../../audit/trail.js';
import {
  type AuditEvent,
  type AuditEventType,
  type Enrollment,
  emptySubject,
  type SubjectRecord,
} from '../../contracts.js';
import { SallyportError } from '../../errors.js';
import { activationKeyDigest, newActivationKey } from '../../methods/activation-key.js';
import type { Command } from '../command.js';
import { requiredKeys } from '../keys.js';
import { type Installation, STORE_OPTIONS, withStore } from '../with-store.js';

const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/**
 * For when no administrator can sign in. Whoever can run this can write to the store anyway; the event says that it
 * was done by the command line.
 */
export const reset: Command = {
  usage: 'TENANT USER',
  summary: 'remove a user’s factors, by id: for when the administrators are locked out',
  positionals: 2,
  options: [...STORE_OPTIONS, 'activation-key'],
  async run(given, terminal) {
    const [tenantId = '', userId = ''] = given.positionals;
    const keys = given.activationKey ? requiredKeys(terminal) : null;
    await withStore(
      given,
      terminal,
      async (installation) => {
        const { store } = installation;
        await store.ready();
        const record = await unlessLost(() => store.readSubject(userId));
        // A subject that was never written reads as this very object; one that was reset does not.
        if (record === emptySubject) {
          throw new Error(
            `there is no subject ${userId} in this store: give the id that your subject() gives, not a label`,
          );
        }
        await store.reset(userId);
        if (record !== 'lost') terminal.out(`${userId}: removed ${removed(record)}.`);
        else {
          terminal.out(`${userId}: begun anew, since its record was lost.`);
          terminal.err('note: a setting of this user’s own was lost with it: set it again');
        }
        terminal.out('Sessions that had proven a factor are asked again at their next request.');
        if (keys) {
          const key = newActivationKey();
          const digest = activationKeyDigest(keys.keyring, { id: userId }, key);
          await store.putActivationKey(userId, { digest, lifetimeMs: KEY_LIFETIME_MS });
          terminal.out(`Activation key, for one use within 24 hours: ${key}`);
        }
        if (!(await isKnown(installation, tenantId))) {
          terminal.err(`note: ${tenantId} has no setting and no event here; is it the right id?`);
        }
        const gone = record === 'lost' ? [] : record.enrollments;
        await recordEvent(installation, 'enrollment.reset', tenantId, userId, gone);
        if (keys) await recordEvent(installation, 'activation-key.issued', tenantId, userId);
      },
      { allowEviction: true },
    );
  },
};

/** `lost` when the record is damaged, gone or outdated. A reset replaces it. */
async function unlessLost<T>(read: () => T | Promise<T>): Promise<T | 'lost'> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'ERR_STORE_RECORD') return 'lost';
    throw error;
  }
}

function removed(record: SubjectRecord): string {
  const parts = record.enrollments.map(({ method, label }) => `${label} (${method})`);
  const codes = record.recoveryCodesLeft ?? 0;
  if (codes > 0) parts.push(`${codes} recovery ${codes === 1 ? 'code' : 'codes'}`);
  if (record.activationKeyEndsAt !== null) parts.push('an activation key');
  if (record.failures > 0) parts.push(`the count of ${record.failures} wrong answers`);
  return parts.join(', ') || 'nothing, there were no factors';
}

/**
 * Whether the organization is known here: the event goes to the trail of the one named, and a typing error would hide
 * it.
 */
async function isKnown({ store }: Installation, tenantId: string): Promise<boolean> {
  if ((await unlessLost(() => store.readSetting(tenantId))) !== null) return true;
  return (await store.readEvents(tenantId, { before: null, limit: 1 })).length > 0;
}

async function recordEvent(
  { store }: Installation,
  type: AuditEventType,
  tenantId: string,
  subjectId: string,
  enrollments?: readonly Enrollment[],
): Promise<void> {
  try {
    const event: AuditEvent = {
      ...{ type, tenantId, subjectId, actorId: 'cli', method: null, from: null, detail: null },
      at: new Date(store.now()),
      ...(enrollments && {
        enrollments: enrollments.map(({ id, method, label }) => ({ id, method, label })),
      }),
    };
    await keepEvent(store, event, EVENTS_KEPT);
  } catch (cause) {
    throw new Error('it was done, but the event could not be recorded', { cause });
  }
}
