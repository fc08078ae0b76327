import { z } from 'zod';
import type { Reader } from './found.js';

const line = z.looseObject({
  // As for the option `subject`: an app with one organization names none.
  subject: z.strictObject({ id: z.string().min(1), tenantId: z.string().min(1).optional() }),
});

/** More than a line has for one person. */
const MOST_CHARACTERS = 4_000_000;

/** Our own lines: `{ "subject": { "id", "tenantId" }, METHOD: [ … ] }`. */
export const ownLines: Reader = async function* (chunks, { tenantId }) {
  let number = 0;
  for await (const text of linesOf(chunks)) {
    number += 1;
    if (text.trim() === '') continue;
    const read = line.safeParse(parsed(text));
    if (!read.success) {
      const why = 'it must be {"subject":{"id":"…","tenantId":"…"},METHOD:[…]}';
      yield { kind: 'refused', at: number, id: null, why };
      continue;
    }
    const { subject, ...factors } = read.data;
    yield {
      ...{
        kind: 'factors',
        at: number,
        subject: { id: subject.id, tenantId: subject.tenantId ?? tenantId },
      },
      factors: factors as Readonly<Record<string, readonly unknown[]>>,
    };
  }
};

/** The lines of a text that comes in parts. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    if (rest.length > MOST_CHARACTERS) throw new Error('a line has no end');
    yield* lines;
  }
  if (rest !== '') yield rest;
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return null;
  }
}
