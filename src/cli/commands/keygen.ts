import { randomBytes } from 'node:crypto';
import type { Command } from '../command.js';

/** Prints a new key for `keys`, and nothing else, so that it can be piped. */
export const keygen: Command = {
  usage: '',
  summary: 'print a new key for the option keys (32 random bytes, base64)',
  positionals: 0,
  options: [],
  async run(_given, { out }) {
    out(randomBytes(32).toString('base64'));
  },
};
