import { booleanOption, checkOptions, option, optionsObject } from '../../check-options.js';
import { SallyportError } from '../../errors.js';

/** What can go wrong on the wire, for any endpoint. */
export const wireFaults = [
  '500', // a JSON error
  '502-html', // a gateway's HTML page
  '503',
  'empty', // 200 and no body
  'null', // 200 and the JSON value null
  'hang', // takes the request and never answers
  'slow-drip', // 200, then one byte of white space every 50 ms, without end
  'reset', // cuts the connection before answering
  'redirect-307', // to another host, which answers as Duo would
  'oversized', // the right answer, after 16 MiB of white space
] as const;

/** What can be wrong with an id_token. */
export const tokenFaults = [
  'wrong-aud',
  'wrong-iss',
  'wrong-sub',
  'wrong-username', // preferred_username is somebody else
  'wrong-username-case',
  'expired', // exp two minutes ago
  'bad-signature',
  'alg-hs256', // signed with the right secret by the wrong algorithm
  'alg-none',
  'junk', // not a JWT
  'deny', // auth_result says deny
  'no-auth-result',
  'stale-iat', // issued a day ago, not expired
  'stale-auth-time', // authenticated a day ago, whatever was asked for
  'future-auth-time', // authenticated in ten minutes
] as const;

/** What can be wrong with the redirect back to the application. */
export const callbackFaults = [
  'wrong-state',
  'missing-state',
  'doubled-state', // state given twice
  'other-transaction-code', // a code that somebody else's approval at the same application earned
  'other-tenant-code', // a code issued to another application
  'error', // ?error=access_denied&error_description=…&state=… instead of a code
] as const;

export type DuoWireFault = (typeof wireFaults)[number];
export type DuoTokenFault = (typeof tokenFaults)[number];
export type DuoCallbackFault = (typeof callbackFaults)[number];
export type DuoEndpoint = 'healthCheck' | 'authorize' | 'token' | 'callback';

/** For the next request only, instead of until it is lifted. */
interface Once {
  readonly once?: boolean;
}
export interface DuoWireFaultSetting extends Once {
  readonly endpoint: 'healthCheck' | 'authorize' | 'token';
  readonly fault: DuoWireFault | 'none';
}
export interface DuoTokenFaultSetting extends Once {
  readonly endpoint: 'token';
  readonly fault: DuoTokenFault;
}
/** Duo's clock, as seen in iat, exp and auth_time, is `milliseconds` ahead (negative: behind). */
export interface DuoClockFaultSetting extends Once {
  readonly endpoint: 'token';
  readonly fault: 'clock-offset';
  readonly milliseconds: number;
}
/** What Duo says the person did: any factor and reason, and the status beside the result `allow`. */
export interface DuoFactorFaultSetting extends Once {
  readonly endpoint: 'token';
  readonly fault: 'authenticated-by';
  readonly factor: string;
  readonly reason: string;
  readonly status?: string;
}
export interface DuoCallbackFaultSetting extends Once {
  readonly endpoint: 'callback';
  readonly fault: DuoCallbackFault | 'none';
}

/**
 * One thing that goes wrong. It lasts until the endpoint's next setting or `reset()`; with `once` it applies to
 * the next request only (several are taken in the order in which they were set, before the lasting one).
 * The fault `none` lifts all of an endpoint's faults.
 */
export type DuoFaultSetting =
  | DuoWireFaultSetting
  | DuoTokenFaultSetting
  | DuoClockFaultSetting
  | DuoFactorFaultSetting
  | DuoCallbackFaultSetting;

export type FaultFor<E extends DuoEndpoint> = E extends 'callback'
  ? DuoCallbackFaultSetting
  : E extends 'token'
    ? DuoWireFaultSetting | DuoTokenFaultSetting | DuoClockFaultSetting | DuoFactorFaultSetting
    : DuoWireFaultSetting;

export interface FaultBoard {
  set(setting: DuoFaultSetting): void;
  /** The fault for one request; a `once` setting is used up by this. */
  take<E extends DuoEndpoint>(endpoint: E): FaultFor<E> | null;
  reset(): void;
}

const known: Readonly<Record<DuoEndpoint, ReadonlySet<string>>> = {
  healthCheck: new Set(['none', ...wireFaults]),
  authorize: new Set(['none', ...wireFaults]),
  token: new Set(['none', 'clock-offset', 'authenticated-by', ...wireFaults, ...tokenFaults]),
  callback: new Set(['none', ...callbackFaults]),
};

const faultSchema = optionsObject({
  endpoint: option<DuoEndpoint>(
    `one of ${Object.keys(known).join(', ')}`,
    (value) => typeof value === 'string' && Object.hasOwn(known, value),
  ),
  fault: option<string>('the name of a fault', (value) => typeof value === 'string'),
  once: booleanOption().optional(),
  milliseconds: option<number>('a number', (value) => typeof value === 'number').optional(),
  factor: option<string>('a text', (value) => typeof value === 'string').optional(),
  reason: option<string>('a text', (value) => typeof value === 'string').optional(),
  status: option<string>('a text', (value) => typeof value === 'string').optional(),
});

export function isWireFault(fault: string): fault is DuoWireFault {
  return (wireFaults as readonly string[]).includes(fault);
}

export function faultBoard(): FaultBoard {
  const lasting = new Map<DuoEndpoint, DuoFaultSetting>();
  const once = new Map<DuoEndpoint, DuoFaultSetting[]>();

  return {
    set(setting) {
      refuseUnknown(setting);
      const queue = once.get(setting.endpoint) ?? [];
      if (setting.fault === 'none') {
        lasting.delete(setting.endpoint);
        once.delete(setting.endpoint);
      } else if (setting.once) {
        once.set(setting.endpoint, [...queue, setting]);
      } else {
        lasting.set(setting.endpoint, setting);
      }
    },
    take<E extends DuoEndpoint>(endpoint: E) {
      const setting = once.get(endpoint)?.shift() ?? lasting.get(endpoint) ?? null;
      return setting as FaultFor<E> | null;
    },
    reset() {
      lasting.clear();
      once.clear();
    },
  };
}

// A misspelt setting would leave a test with nothing to fail on, so it throws, in JavaScript too.
function refuseUnknown(setting: DuoFaultSetting): void {
  checkOptions(setting, faultSchema, { name: 'setting' });
  if (!known[setting.endpoint].has(setting.fault)) {
    throw new SallyportError(
      'ERR_OPTION',
      `${setting.endpoint} has no fault ${JSON.stringify(setting.fault)}`,
    );
  }
  if (setting.fault === 'clock-offset' && !Number.isFinite(setting.milliseconds)) {
    throw new SallyportError('ERR_OPTION', 'clock-offset needs a finite number of milliseconds');
  }
}
