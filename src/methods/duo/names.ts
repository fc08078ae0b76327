import { createHash } from 'node:crypto';
import type { SecondFactorStore, Subject } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { duoWords } from './words.js';

/** Claim times: while a person is at the prompt, and after Duo's result. */
const LIFETIMES = { asked: 15 * 60 * 1000, proven: 400 * 24 * 60 * 60 * 1000 } as const;

/**
 * Duo ignores case in names, so two labels of one organization that differ only in case are one person there, whose
 * phone approves for both. The name belongs to the first subject that has Duo activated with it; the second is
 * refused with a 409. It is checked when Duo is asked, since we have no list of labels. Subjects of different
 * organizations may share a name, since they may be one person.
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
    // A subject who was reset or deleted does not keep the name.
    if (!active && (await store.claim(id, { ...wanted, instead: owner })) === subject.id) return;
    throw new RequestError(409, 'duo_name_taken', duoWords('failed.name-taken'));
  };
}

function idOf(tenantId: string, account: string, username: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['duo-name', tenantId, account, username.trim().toLowerCase()]))
    .digest('base64url');
}
