import { Agent } from 'node:https';
import {
  checkOptions,
  durationOption,
  functionOption,
  option,
  optionsObject,
} from '../../check-options.js';
import type { Duration } from '../../time.js';
import type { ClientConfig } from './client.js';
import type { OwnServers } from './servers.js';

export interface YubikeyOtpOptions {
  /** The deadline of the validation servers' answers about one code. Default `5s`. */
  readonly timeout?: Duration;
  /** Replaces Node's agent: for a proxy, a private authority, or a simulator. */
  readonly httpsAgent?: Agent;
  /**
   * Which validation servers, by host name, an organization may name instead of YubiCloud. Your server calls them
   * from inside your network: allow only hosts that administrators may reach from there. Default none.
   * @example ownServers: (hostname) => hostname.endsWith('.keys.example.com')
   */
  readonly ownServers?: OwnServers;
}

const schema = optionsObject({
  timeout: durationOption('5s').prefault('5s'),
  httpsAgent: option<Agent>('an https.Agent', (value) => value instanceof Agent).optional(),
  ownServers: functionOption<OwnServers>(
    'a function (hostname, organizationId) => boolean',
  ).optional(),
});

export interface ParsedYubikeyOptions extends ClientConfig {
  readonly ownServers: OwnServers | null;
}

export function parseYubikeyOptions(options: YubikeyOtpOptions): ParsedYubikeyOptions {
  const { timeout, httpsAgent, ownServers } = checkOptions(options, schema, {
    name: 'yubikeyOtp',
  });
  return { timeoutMs: timeout, httpsAgent, ownServers: ownServers ?? null };
}
