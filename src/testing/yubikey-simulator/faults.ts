import {
  booleanOption,
  checkOptions,
  option,
  optionsObject,
  textOption,
} from '../../check-options.js';

/** What a server says instead of its answer, right in every other respect. */
export const yubikeyStatuses = [
  'BAD_OTP',
  'REPLAYED_OTP',
  'REPLAYED_REQUEST',
  'BAD_SIGNATURE',
  'MISSING_PARAMETER',
  'NO_SUCH_CLIENT',
  'OPERATION_NOT_ALLOWED',
  'BACKEND_ERROR',
  'NOT_ENOUGH_ANSWERS',
] as const;

/** What can be wrong with an answer that says yes. */
export const yubikeyFaults = [
  'bad-signature',
  'no-signature',
  'wrong-nonce',
  'no-nonce',
  'wrong-otp',
  'no-counters',
  'strange-counters',
  'old-time', // of a day ago
  'status-twice',
  'strange-status',
  'always-ok', // of any code: wrong, or used before
  'html',
  'empty',
  '500',
  'redirect', // to another host, which answers rightly
  'oversized', // right, with a megabyte of empty lines
  'hang', // takes the request and never answers
  'slow-drip', // a byte every 50 ms, without end
  'reset', // cuts the connection before answering
] as const;

export type YubikeyStatus = (typeof yubikeyStatuses)[number];
export type YubikeyFault = (typeof yubikeyFaults)[number] | YubikeyStatus;

export interface YubikeyFaultSetting {
  readonly fault: YubikeyFault | 'none';
  /** The server that has it; by default all. */
  readonly host?: string;
  /** For the next request only, instead of until it is lifted. */
  readonly once?: boolean;
}

const KNOWN: readonly string[] = ['none', ...yubikeyFaults, ...yubikeyStatuses];

const schema = optionsObject({
  fault: option<YubikeyFaultSetting['fault']>(`one of ${KNOWN.join(', ')}`, (value) =>
    KNOWN.includes(String(value)),
  ),
  host: textOption(253).optional(),
  once: booleanOption().default(false),
});

export interface FaultBoard {
  set(setting: YubikeyFaultSetting): void;
  take(host: string): YubikeyFault | null;
  reset(): void;
}

const EVERYWHERE = '*';

export function faultBoard(): FaultBoard {
  const faults = new Map<string, { readonly fault: YubikeyFault; readonly once: boolean }>();
  return {
    set(setting) {
      const { fault, host = EVERYWHERE, once } = checkOptions(setting, schema, { name: 'set' });
      if (host === EVERYWHERE) faults.clear();
      if (fault === 'none') faults.delete(host);
      else faults.set(host, { fault, once });
    },
    take(host) {
      const at = faults.has(host) ? host : EVERYWHERE;
      const found = faults.get(at);
      if (found?.once) faults.delete(at);
      return found?.fault ?? null;
    },
    reset: () => faults.clear(),
  };
}
