import { Agent } from 'node:https';
import {
  checkOptions,
  durationOption,
  functionOption,
  option,
  optionsObject,
} from '../../check-options.js';
import type { Subject } from '../../contracts.js';
import type { Duration } from '../../time.js';

export interface DuoOptions {
  /** The deadline of each call to Duo. Default `5s`. */
  readonly timeout?: Duration;
  /**
   * Replaces the SDK's agent, which trusts only Duo's authorities: for a proxy or a simulator. It must verify
   * certificates.
   */
  readonly httpsAgent?: Agent;
  /** A subject's name at Duo. Default: its label, trimmed and in lower case. */
  readonly username?: (subject: Subject) => string;
  /** For a simulator: the origin of the prompt, `http://localhost:PORT`. Refused when NODE_ENV is `production`. */
  readonly promptOrigin?: string;
}

export interface ParsedDuoOptions {
  readonly timeoutMs: number;
  readonly httpsAgent: Agent | undefined;
  readonly username: (subject: Subject) => string;
  readonly promptOrigin: string | null;
}

const schema = optionsObject({
  timeout: durationOption('5s').prefault('5s'),
  httpsAgent: option<Agent>('an https.Agent', (value) => value instanceof Agent).optional(),
  username: functionOption<ParsedDuoOptions['username']>('a function (subject) => string').default(
    () => (subject: Subject) => subject.label.trim().toLowerCase(),
  ),
  promptOrigin: option<string>(
    "an origin such as 'http://localhost:8080', and set outside production only",
    isPromptOrigin,
  ).optional(),
});

export function parseDuoOptions(options: DuoOptions): ParsedDuoOptions {
  const { timeout, httpsAgent, username, promptOrigin } = checkOptions(options, schema, {
    name: 'duo',
  });
  return { timeoutMs: timeout, httpsAgent, username, promptOrigin: promptOrigin ?? null };
}

/** Only plain http to this machine, so that no production browser is sent to another prompt than Duo's. */
function isPromptOrigin(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^http:\/\/localhost:\d{1,5}$/.test(value) &&
    process.env.NODE_ENV !== 'production'
  );
}
