import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { signatureOf } from '../../methods/yubikey-otp/signature.js';
import { type FaultBoard, type YubikeyFault, yubikeyStatuses } from './faults.js';
import { type Outcome, type Validation, written } from './validation.js';

const VERIFY_PATH = '/wsapi/2.0/verify';
/** Where the fault `redirect` points: another name, of which the answers are right. */
export const ELSEWHERE_HOST = 'elsewhere.yubikey-simulator.test';

const DRIP_MS = 50;

export interface YubikeyLogEntry {
  readonly host: string;
  readonly clientId: string | null;
  /** What was said; null where nothing was. */
  readonly status: string | null;
  readonly fault: YubikeyFault | null;
}

export interface ServerConfig {
  readonly faults: FaultBoard;
  readonly validation: Validation;
  readonly now: () => number;
  readonly log: YubikeyLogEntry[];
}

/** All validation servers in one: which of them was asked, the Host header says. */
export function validationListener({
  faults,
  validation,
  now,
  log,
}: ServerConfig): RequestListener {
  return function answer(req, res) {
    const host = (req.headers.host ?? '').replace(/:\d+$/, '');
    const [path, query] = (req.url ?? '').split('?');
    if (req.method !== 'GET' || path !== VERIFY_PATH) {
      res.writeHead(404).end();
      return;
    }
    const parameters = Object.fromEntries(new URLSearchParams(query));
    const fault = host === ELSEWHERE_HOST ? null : faults.take(host);
    // The log comes before the answer, so that a client which has its answer finds the entry.
    const noted = (status: string | null) =>
      log.push({ host, clientId: parameters.id ?? null, status, fault });
    if (fault && misbehaving.includes(fault)) {
      noted(null);
      misbehave(fault, req, res);
      return;
    }
    // One that is not well tells the others nothing.
    const found = validation.outcomeOf(parameters, { remember: fault === null });
    const outcome = faulty(found, fault);
    const { otp = '', nonce = '' } = parameters;
    const echo = { otp, nonce, sl: '100', ...countersOf(outcome, fault) };
    const fields: Record<string, string> = {
      ...{ t: timeOf(now(), fault), status: outcome.status },
      ...(outcome.status === 'OK' && changed(echo, fault)),
    };
    noted(outcome.status);
    res.writeHead(200, { 'Content-Type': 'text/plain' });
    res.end(tampered(written(fields, outcome.secret), fields, outcome, fault));
  };
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** `2026-01-31T12:00:00Z0123`: the last four digits are thousandths of a second. */
function timeOf(now: number, fault: YubikeyFault | null): string {
  const time = fault === 'old-time' ? now - DAY_MS : now;
  return new Date(time).toISOString().replace(/\.(\d{3})Z$/, 'Z0$1');
}

function faulty(outcome: Outcome, fault: YubikeyFault | null): Outcome {
  const status = yubikeyStatuses.find((one) => one === fault);
  if (status) return { ...outcome, status };
  return fault === 'always-ok' ? { ...outcome, status: 'OK' } : outcome;
}

function countersOf({ touch }: Outcome, fault: YubikeyFault | null): Record<string, string> {
  if (fault === 'no-counters') return {};
  const { timestamp = 0, counter = 0, use = 0 } = touch ?? {};
  return {
    timestamp: String(timestamp),
    sessioncounter: fault === 'strange-counters' ? '99999' : String(counter),
    sessionuse: String(use),
  };
}

function changed(echo: Record<string, string>, fault: YubikeyFault | null): Record<string, string> {
  const { nonce = '', otp = '', ...rest } = echo;
  switch (fault) {
    case 'wrong-nonce':
      return { ...echo, nonce: nonce.replace(/./g, '0') };
    case 'no-nonce':
      return { otp, ...rest };
    case 'wrong-otp':
      return { ...echo, otp: otp.replace(/.$/, otp.endsWith('c') ? 'b' : 'c') };
    default:
      return echo;
  }
}

/** What is done to an answer after it was signed, or with another status than there is. */
function tampered(
  text: string,
  fields: Record<string, string>,
  { secret }: Outcome,
  fault: YubikeyFault | null,
): string {
  switch (fault) {
    case 'bad-signature':
      return text.replace(/^h=.*$/m, `h=${signatureOf(fields, Buffer.from('another secret'))}`);
    case 'no-signature':
      return text.replace(/^h=.*\r\n/m, '');
    case 'oversized':
      return text + '\r\n'.repeat(512 * 1024);
    case 'status-twice':
      return `status=BAD_OTP\r\n${text}`;
    case 'strange-status':
      return written({ ...fields, status: 'FINE' }, secret);
    default:
      return text;
  }
}

/** Faults that answer in the place of the server. */
const misbehaving: readonly YubikeyFault[] = [
  ...(['hang', 'reset', '500', 'html', 'empty', 'redirect', 'slow-drip'] as const),
];

function misbehave(fault: YubikeyFault, req: IncomingMessage, res: ServerResponse): void {
  switch (fault) {
    case 'reset':
      res.socket?.destroy();
      break;
    case '500':
      res.writeHead(500).end();
      break;
    case 'html':
      res.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><h1>Sign in</h1></html>');
      break;
    case 'empty':
      res.writeHead(200).end();
      break;
    case 'redirect':
      res.writeHead(302, { Location: `https://${ELSEWHERE_HOST}${req.url}` }).end();
      break;
    case 'slow-drip': {
      res.writeHead(200);
      const timer = setInterval(() => res.write('\n'), DRIP_MS);
      res.once('close', () => clearInterval(timer));
      break;
    }
    default:
    // It hangs.
  }
}
