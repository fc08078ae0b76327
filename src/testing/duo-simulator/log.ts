export interface DuoLogEntry {
  /** When it was answered, by the injected clock (ms). */
  readonly at: number;
  readonly endpoint: 'healthCheck' | 'token' | 'authorize' | 'prompt';
  /** Which name was asked: the API hostname, the http prompt, or where `redirect-307` points. */
  readonly via: 'api' | 'prompt' | 'elsewhere';
  /** `ok`, `shown`, `approved`, … or the one check that refused, e.g. `replayed-jti`. */
  readonly outcome: string;
  /** Null where no status was sent (hang, reset). */
  readonly status: number | null;
  /** Null until the request named a known application. */
  readonly clientId: string | null;
  /** Null until a signed request named somebody. */
  readonly username: string | null;
  /** The setting that was applied, of the endpoint or of the callback. */
  readonly fault: string | null;
}

export interface RequestLog {
  readonly entries: readonly DuoLogEntry[];
  add(entry: DuoLogEntry): void;
  reset(): void;
}

const KEPT = 1000;

/** Codes, states, assertions, secrets and phone numbers have no field here, and so never get in. */
export function requestLog(): RequestLog {
  const entries: DuoLogEntry[] = [];
  return {
    entries,
    add(entry) {
      if (entries.length >= KEPT) entries.shift();
      entries.push(Object.freeze(entry));
    },
    reset() {
      entries.length = 0;
    },
  };
}
