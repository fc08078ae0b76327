import { describe, it } from 'node:test';
import { methodContract } from 'sallyport/testing';
import { emailCode } from '../journeys/email-code.js';

methodContract(
  'a code by e-mail',
  () => {
    const mails: string[] = [];
    const method = emailCode({
      addressOf: ({ label }) => label,
      send: async (_address, code) => void mails.push(code),
    });
    return { method, answer: () => ({ code: mails.at(-1) ?? '' }) };
  },
  { describe, it },
);
