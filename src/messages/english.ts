import { GATE } from './english/gate.js';
import { PAGES } from './english/pages.js';
import { WEB } from './english/web.js';
import { messagesOf } from './message.js';

/** What pages say beside the words of methods. */
export const ENGLISH = { ...WEB, ...GATE, ...PAGES } as const;

/**
 * Names a sentence of the catalog, with the values that it asks for.
 * @example respond.say(message('pages.profile.another', { method: title }))
 */
export const message = messagesOf(ENGLISH);
