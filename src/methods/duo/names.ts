import { createHash } from 'node:crypto';
import type { SecondFactorStore, Subject } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { duoWords } from './words.js';

/** For somebody who is on the way to the prompt, and for whoever has come back with Duo's word. */
const LIFETIMES = { asked: 15 * 60 * 1000, proven: 400 * 24 * 60 * 60 * 1000 } as const;

/**
 * Duo takes names in any case, so two labels of one organization that differ only in that are one person there:
 * whose phone approves for both. The name is that of whoever came first and has Duo activated with it; the
 * second is refused with a 409. It shows where Duo is asked, since no list of an organization's labels exists;
 * people of different organizations may have one name, since they may be one person.
 */
export function duoNames({
  store,
}: {
  readonly store: Pick<SecondFactorStore, 'claim' | 'readSubject'>;
}) {
  return async function own(
    subject: Subject,
    { account, username }: { readonly account: string; readonly username: string },
    how: keyof typeof LIFETIMES,
  ): Promise<void> {
    const id = idOf(subject.tenantId, account, username);
    const wanted = { owner: subject.id, lifetimeMs: LIFETIMES[how] };
    const owner = await store.claim(id, { ...wanted, instead: null });
    if (owner === subject.id) return;
    const { enrollments } = await store.readSubject(owner);
    const active = enrollments.some((one) => one.method === 'duo' && one.parameters === account);
    // Whoever was reset, or has left, does not keep a name from the next one.
    if (!active && (await store.claim(id, { ...wanted, instead: owner })) === subject.id) return;
    throw new RequestError(409, 'duo_name_taken', duoWords('failed.name-taken'));
  };
}

function idOf(tenantId: string, account: string, username: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['duo-name', tenantId, account, username.trim().toLowerCase()]))
    .digest('base64url');
}
