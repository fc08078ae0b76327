import type { Sentence } from '../contracts.js';
import { ADMIN } from './english/admin.js';
import { EVENTS } from './english/events.js';
import { GATE } from './english/gate.js';
import { PAGES } from './english/pages.js';
import { POLICY } from './english/policy.js';
import { SETTINGS } from './english/settings.js';
import { WEB } from './english/web.js';
import { type Catalog, messagesOf } from './message.js';

/** What pages say beside the words of methods. */
export const ENGLISH = {
  ...WEB,
  ...GATE,
  ...PAGES,
  ...ADMIN,
  ...EVENTS,
  ...SETTINGS,
  ...POLICY,
} as const;

/**
 * Names a sentence of the catalog, with the values that it asks for.
 * @example respond.say(message('pages.profile.another', { method: title }))
 */
export const message = messagesOf(ENGLISH);

const keyed = messagesOf<Catalog>(ENGLISH);

/** Sentences that nothing is put into, by their keys; what is none of the keys is a text. For schemas, whose errors are texts. */
export function sentenceOf(text: string): Sentence {
  return Object.hasOwn(ENGLISH, text) ? keyed(text) : text;
}

/** For a schema's `error`: a sentence by its key. */
export function wrongBy(key: keyof typeof ENGLISH): { readonly error: string } {
  return { error: key };
}
