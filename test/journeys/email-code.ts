import { randomInt, timingSafeEqual } from 'node:crypto';
import type { Answered, Method, Subject } from 'sallyport';

export interface EmailCodeOptions {
  /** Where this person's codes go; null for somebody without an address, who cannot activate it. */
  readonly addressOf: (subject: Subject) => string | null;
  /** Sends one mail. What it throws is a 503, and the next look at the page tries again. */
  readonly send: (address: string, code: string) => Promise<void>;
}

/** What was sent: kept by the door, sealed, until it is answered or its ten minutes are over. */
interface Sent {
  readonly code: string;
}

const DIGITS = 8;
const FIELD = { maxLength: 40, label: 'Code from the mail', inputMode: 'numeric' } as const;

/** A code of eight digits by e-mail: a method of a host's own, as docs/writing-a-method.md explains it. */
export function emailCode({ addressOf, send }: EmailCodeOptions): Method<Sent> {
  const hidden = (subject: Subject) => (addressOf(subject) ?? '').replace(/^(.).*@/, '$1…@');

  function compare(sent: Sent | null, typed: unknown): boolean {
    const given = Buffer.from(String(typed).replace(/\D/g, ''));
    const right = Buffer.from(sent?.code ?? '');
    return (
      given.length === DIGITS && given.length === right.length && timingSafeEqual(given, right)
    );
  }

  return {
    name: 'email-code',
    title: 'Code by e-mail',
    throttle: 'lockout',
    answer: { code: { ...FIELD, hint: `${DIGITS} digits` } },
    words: {
      begin: {
        heading: 'Activate codes by e-mail',
        text: 'We send a code to your address, and ask for it at each sign-in from then on.',
        button: 'Send me a code',
      },
      refused: {
        'wrong-code': 'That is not the code that we have sent. Compare it with the mail.',
        replayed: 'That code was used already. Start again for a new one.',
        expired: 'That code is too old. Start again for a new one.',
        superseded: 'A newer code was sent. Enter that one.',
        denied: 'That code was not accepted. Start again for a new one.',
        'not-accepted': 'A code by e-mail does not count here. Confirm in another way.',
        malformed: `Enter the ${DIGITS} digits that the mail shows.`,
      },
      locked: 'Too many wrong codes. Try again in {wait}.',
      stopped: 'Too many wrong codes. Ask your administrator for help.',
    },

    async start({ subject }) {
      const address = addressOf(subject);
      if (address === null) throw new Error('no address to send a code to');
      const code = String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
      await send(address, code);
      return { code };
    },

    prompt: ({ subject }) => ({
      kind: 'form',
      title: 'Enter the code from the mail',
      locals: { heading: 'Look into your mail', text: `A code was sent to ${hidden(subject)}.` },
      json: { sentTo: hidden(subject) },
    }),

    verify({ challenge, enrollments }, { code }): Answered {
      const [own] = enrollments;
      if (!own || !compare(challenge, code)) return { kind: 'rejected', reason: 'wrong-code' };
      return { kind: 'accepted', enrollmentId: own.id };
    },

    enrollment: {
      begin: () => ({}),

      prompt: ({ subject }) => ({
        kind: 'form',
        title: 'Activate two-factor',
        locals: { heading: 'Look into your mail', text: `A code was sent to ${hidden(subject)}.` },
        json: { sentTo: hidden(subject) },
      }),

      confirm: ({ challenge }, { code }) =>
        compare(challenge, code)
          ? { kind: 'accepted' }
          : { kind: 'rejected', reason: 'wrong-code' },
    },
  };
}
