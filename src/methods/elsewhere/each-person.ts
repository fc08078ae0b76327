import { type Found, noId, type ReadOptions, subjectOf } from './found.js';

/** Whose an entry is, and so what is found in it. */
export interface Person {
  /** `tenantId`: where the entry names one itself. */
  found(factors: Readonly<Record<string, readonly unknown[]>>, tenantId?: string): Found;
  /** What is not taken over, and why. */
  left(why: string): Found;
  /** What is wrong with it. */
  refused(why: string): Found;
}

/** Reads each entry of an export; one that does not say whose it is, is refused. */
export async function* eachPerson(
  entries: AsyncIterable<unknown>,
  usual: readonly string[],
  options: ReadOptions,
  read: (entry: unknown, person: Person) => Iterable<Found>,
): AsyncGenerator<Found> {
  let at = 0;
  for await (const entry of entries) {
    at += 1;
    const subject = subjectOf(entry, usual, options);
    if (!subject) yield noId(at, usual, options);
    else yield* read(entry, personAt(at, subject));
  }
}

function personAt(
  at: number,
  { id, tenantId }: { readonly id: string; readonly tenantId: string },
) {
  return {
    found: (factors, tenant = tenantId) => ({
      ...{ kind: 'factors', at, subject: { id, tenantId: tenant } },
      factors,
    }),
    left: (why) => ({ kind: 'left', at, id, why }),
    refused: (why) => ({ kind: 'refused', at, id, why }),
  } satisfies Person;
}
