import type { Change, Message, Sentence } from '../contracts.js';
import { message } from '../messages/english.js';

/** All changes in one sentence, for the event; null for none. */
export function changesInOne(changes: readonly Change[]): Sentence | null {
  return inOne(
    changes.map(({ label, from, to }) =>
      message('admin.setting.change', { label, before: from, after: to }),
    ),
  );
}

/** Several sentences joined to one; null for none. */
export function inOne(sentences: readonly Message[]): Message | null {
  return sentences.reduceRight<Message | null>(
    (rest, first) => (rest ? message('admin.setting.list', { first, rest }) : first),
    null,
  );
}
