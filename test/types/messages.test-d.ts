/** Compiled by `npm run types`, never run: the keys and values of messages. */
import { message } from '../../src/messages/english.js';
import { messagesOf } from '../../src/messages/message.js';
import type { ValuesOf } from '../../src/messages/placeholders.js';
import type { Equal } from './equal.js';

true satisfies Equal<keyof ValuesOf<'Done.'>, never>;
({ wait: '1', who: 2 }) satisfies ValuesOf<'In {wait}, {who}.'>;
true satisfies Equal<ValuesOf<'{n, plural, one {# day} other {# days}}'>['n'], number>;
true satisfies Equal<ValuesOf<'On {at, date, long}'>['at'], Date>;

const words = messagesOf({ refused: { denied: 'No, {label}.' }, left: 'Gone.' } as const, 'mine');
words('refused.denied', { label: 'you' });
words('left');
message('time.wait', { duration: '2 minutes' });

// @ts-expect-error there is no such sentence
words('refused.wrong');
// @ts-expect-error a group of sentences is none
words('refused');
// @ts-expect-error the placeholder is not filled
words('refused.denied');
// @ts-expect-error there is no such placeholder
words('left', { label: 'you' });
// @ts-expect-error a plural counts
message('time.seconds', { count: 'two' });
