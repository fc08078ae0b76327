import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import express from 'express';
import type { Store } from 'express-session';
import { ScureBase32Plugin } from 'otplib';
import type {
  Door,
  PolicyInput,
  SecondFactorStore,
  SignInProof,
  Subject,
  SubjectRecord,
} from 'sallyport';
import { keyring } from '../../src/crypto/keyring.js';
import { activationKeyDigest, newActivationKey } from '../../src/methods/activation-key.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { totp } from '../../src/methods/totp/method.js';
import { type Clock, type Host, host } from '../support/app.js';
import { type Answered, dispatch } from '../support/dispatch.js';
import { boundEnrollable } from '../support/methods.js';
import type { Jar, Name, Reference, Rules, TypedCode } from './reference.js';

declare module 'express-session' {
  interface SessionData {
    proofs?: SignInProof[];
  }
}

const STEP = 30_000;
const UNSEEN = '';
const KEYS = [7, 8, 9].map((byte) => Buffer.alloc(32, byte).toString('base64'));
/** The first key seals, all of them open. */
const RINGS = [0, 1, 2].map((first) => [
  KEYS[first] as string,
  ...KEYS.filter((_, at) => at !== first),
]);

/** What an installation needs: the same clock and data for every process. */
export interface Installation {
  readonly clock: Clock;
  readonly sessions: Store;
  /** A second-factor store per process. */
  readonly stores: readonly SecondFactorStore[];
  /** Every process has heard of every change, where one has to. */
  settled(): Promise<void>;
  /** What the data say of a subject, whatever a process has at hand. */
  look(id: string): Promise<SubjectRecord>;
}

/** The processes, in all states of a key rotation. They outlive a run: each run has subjects of its own. */
export interface Processes extends Omit<Installation, 'sessions'> {
  /** By process, by key ring. */
  readonly hosts: readonly (readonly Host[])[];
  readonly policies: Map<string, PolicyInput>;
  /** Slow requests are answered when this resolves. */
  readonly held: { until: Promise<void> };
  runs: number;
}

export async function startProcesses(installation: Installation): Promise<Processes> {
  const policies = new Map<string, PolicyInput>();
  const held = { until: Promise.resolve() };
  const policy = ({ id }: Subject): PolicyInput => policies.get(id) ?? { mode: 'required' };
  const hosts = await Promise.all(
    installation.stores.map((store) =>
      Promise.all(
        RINGS.map((keys) =>
          host({
            store,
            sessions: installation.sessions,
            policy,
            options: { keys, onEvent: () => {}, proofs: ({ session }) => session.proofs },
            gate: { exempt: ['POST /slow', 'POST /signed-in'] },
            routes(app, door) {
              // A request of the host's own that takes its time and then saves the session as it was.
              app.post('/slow', async (req, res) => {
                (req.session as { cart?: number }).cart = Math.random();
                await held.until;
                res.send('slow');
              });
              // What the callback of a host does after single sign-on.
              app.post('/signed-in', express.urlencoded(), (req, res) => {
                req.session.proofs = [{ by: 'okta', at: Number(req.body.at), amr: ['mfa'] }];
                res.send('noted');
              });
              app.get('/fresh', door.require({ maxAge: '5m' }), (_req, res) => {
                res.send('inside, freshly');
              });
            },
          }),
        ),
      ),
    ),
  );
  return { ...installation, hosts, policies, held, runs: 0 };
}

/** A browser's cookies, and what the model knows of them. */
export interface Slot {
  jar: Jar;
  cookies: Map<string, string>;
}

export interface Form {
  readonly secret: number;
  readonly place: 'login' | 'profile';
  readonly replaces: number | null;
}

/** The real thing under test, for one run: it does what it is told and remembers secrets by number. */
export class System {
  readonly #processes: Processes;
  readonly #rings: number[];
  readonly #suffix: string;
  readonly slots: Slot[] = Array.from({ length: 4 }, emptySlot);
  /** Cookies as they were once, to be used again. */
  readonly old: Slot[] = [];
  readonly forms: Form[] = [];
  /** Manual keys, by the number of the secret. */
  readonly secrets: string[] = [];
  readonly #ids: string[] = [];
  readonly codes: string[] = [];
  readonly activationKeys: string[] = [];
  readonly #tokens = new Map<string, string>();

  constructor(processes: Processes) {
    this.#processes = processes;
    this.#rings = processes.stores.map(() => 0);
    processes.runs += 1;
    this.#suffix = String(processes.runs);
    // In the middle of a time step, whatever the runs before have done to the clock.
    const { clock } = processes;
    clock.advance(STEP - (clock.now() % STEP) + STEP / 2);
  }

  get now(): number {
    return this.#processes.clock.now();
  }

  get door(): Door {
    return this.#hostOf(0).door;
  }

  get store(): SecondFactorStore {
    return this.#processes.stores[0] as SecondFactorStore;
  }

  #hostOf(process: number): Host {
    const at = process % this.#rings.length;
    return (this.#processes.hosts[at] as readonly Host[])[this.#rings[at] as number] as Host;
  }

  subject(user: Name): Subject {
    const id = `${user}${this.#suffix}@acme`;
    return { id, tenantId: 'acme', label: id };
  }

  advance(ms: number): void {
    this.#processes.clock.advance(ms);
  }

  /** The process starts again with a new first key. */
  rotate(process: number): void {
    const at = process % this.#rings.length;
    this.#rings[at] = ((this.#rings[at] as number) + 1) % RINGS.length;
  }

  setRules(user: Name, rules: Rules): void {
    this.#processes.policies.set(this.subject(user).id, {
      mode: rules.mode,
      methods: [...rules.methods],
      duo: { source: 'acme', credentialVersion: '1' },
      enrollment: rules.enrollment,
      graceUntil: rules.graceUntil === null ? null : new Date(rules.graceUntil),
      maxAgeSeconds: rules.maxAge === null ? null : rules.maxAge / 1000,
      rememberDeviceSeconds: rules.remember === null ? null : rules.remember / 1000,
      proofs:
        rules.signIn === null
          ? []
          : [
              {
                ...{ by: 'okta', amr: ['mfa'], acr: [], phishingResistant: false },
                maxAgeSeconds: rules.signIn / 1000,
              },
            ],
    });
  }

  settled(): Promise<void> {
    return this.#processes.settled();
  }

  look(user: Name): Promise<SubjectRecord> {
    return this.#processes.look(this.subject(user).id);
  }

  // ---- requests ------------------------------------------------------------------------------------------

  async send(
    slot: Slot,
    process: number,
    wanted: { method?: string; path: string; html?: boolean; body?: Record<string, string> },
  ): Promise<Answered> {
    const { app } = this.#hostOf(process);
    const cookie = [...slot.cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await dispatch(app, {
      method: wanted.method ?? 'GET',
      path: wanted.path,
      headers: {
        accept: wanted.html ? 'text/html' : 'application/json',
        'user-agent': 'browser',
        ...(cookie ? { cookie } : {}),
        ...(wanted.body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(wanted.body ? { body: new URLSearchParams(wanted.body).toString() } : {}),
    });
    assert.ok(
      answer.status < 500,
      `${wanted.method ?? 'GET'} ${wanted.path}: ${answer.status} ${answer.text}`,
    );
    for (const line of [answer.headers['set-cookie'] ?? []].flat() as string[]) {
      const [pair = '', ...attributes] = line.split(';');
      const equals = pair.indexOf('=');
      const gone = attributes.some((one) => /expires=thu, 01 jan 1970/i.test(one));
      if (gone) slot.cookies.delete(pair.slice(0, equals));
      else slot.cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    await this.settled();
    return answer;
  }

  /** A POST with the token of the session's forms. Fetching that is a visit of its own. */
  async post(
    model: Reference,
    slot: Slot,
    process: number,
    path: string,
    fields: Record<string, string> = {},
  ): Promise<Answered> {
    const sid = slot.cookies.get('connect.sid') ?? '';
    if (!this.#tokens.has(sid)) {
      model.page(slot.jar);
      const answer = await this.send(slot, process, { path: '/two-factor' });
      const token = answer.status === 200 ? JSON.parse(answer.text).csrfToken : undefined;
      if (typeof token === 'string') this.#tokens.set(sid, token);
    }
    const _csrf = this.#tokens.get(sid) ?? 'none';
    return this.send(slot, process, { method: 'POST', path, body: { ...fields, _csrf } });
  }

  /** Does something while a slow request of the same session is under way, which then saves its session. */
  async duringSlowRequest(slot: Slot, process: number, work: () => Promise<void>): Promise<void> {
    const { held } = this.#processes;
    const sid = slot.cookies.get('connect.sid') ?? '';
    let release = () => {};
    held.until = new Promise((resolve) => {
      release = resolve;
    });
    const slow = this.send(copySlot(slot), process, { method: 'POST', path: '/slow', body: {} });
    // It has read its session, and waits, once the app's own steps have run.
    await turns();
    try {
      await work();
    } finally {
      release();
      await slow;
      // What the session was given meanwhile may be lost with it, the token of its forms included.
      this.#tokens.delete(sid);
    }
    await this.settled();
  }

  // ---- secrets by number ---------------------------------------------------------------------------------

  /** Takes note of a secret that was shown; its number. */
  noteSecret(key: string, id: string, number = this.secrets.length): number {
    this.secrets[number] = key;
    this.#ids[number] = id;
    return number;
  }

  /** A secret has been made and not been shown. */
  expectSecret(): void {
    this.noteSecret(UNSEEN, 'none');
  }

  isNew(secret: number): boolean {
    return (this.secrets[secret] ?? UNSEEN) === UNSEEN;
  }

  idOf(secret: number): string {
    return this.#ids[secret] ?? 'none';
  }

  /** The digits of a code. Null where they would be right by chance for another secret or step. */
  digits({ secret, step }: TypedCode, present: number): string | null {
    const near = (but: TypedCode | null) =>
      this.secrets.flatMap((key, other) =>
        (key === UNSEEN ? [] : [-2, -1, 0, 1, 2])
          .map((offset) => present + offset)
          .filter((one) => !(but && one === but.step && other === but.secret))
          .map((one) => code(key, one)),
      );
    if (secret === null) {
      const right = new Set(near(null));
      return Array.from({ length: 30 }, (_, n) => String(n * 33_333).padStart(6, '0')).find(
        (one) => !right.has(one),
      ) as string;
    }
    if (this.secrets[secret] === UNSEEN) return null;
    const digits = code(this.secrets[secret] as string, step);
    return near({ secret, step }).includes(digits) ? null : digits;
  }

  // ---- administrators ------------------------------------------------------------------------------------

  #keyring(process: number) {
    return keyring(RINGS[this.#rings[process % this.#rings.length] as number] as string[]);
  }

  async issueKey(user: Name, process: number, lifetimeMs: number): Promise<number> {
    const key = newActivationKey();
    const subject = this.subject(user);
    const digest = activationKeyDigest(this.#keyring(process), subject, key);
    await this.store.putActivationKey(subject.id, { digest, lifetimeMs });
    this.activationKeys.push(key);
    return this.activationKeys.length - 1;
  }

  async handOver(user: Name, process: number, lifetimeMs: number): Promise<number> {
    const method = boundEnrollable(totp(), {
      ...{ store: this.store, keyring: this.#keyring(process), onError: () => {} },
    });
    const begun = await method.enrollment.begin(
      {
        subject: this.subject(user),
        policy: {} as never,
        session: '',
        epoch: 0,
        issuer: 'Test Console',
        input: {},
      },
      { basis: 'handover', restart: true, lifetimeMs },
    );
    if (!begun) throw new Error('nothing was handed over');
    return this.noteSecret(String((await begun.handOver()).show()?.json.key), begun.id);
  }

  /** Wrong answers, as many as it takes, with all the waits between them. */
  async exhaust(user: Name, times: number, wait: () => void): Promise<void> {
    for (let n = 0; n < times; n += 1) {
      wait();
      const { id } = this.subject(user);
      await this.store.reserveAttempt(id, ATTEMPT_LIMITS, { method: 'totp', stoppable: true });
    }
  }
}

function emptySlot(): Slot {
  return { jar: { session: null, devices: {} }, cookies: new Map() };
}

export function copySlot({ jar, cookies }: Slot): Slot {
  return {
    jar: { session: jar.session, devices: { ...jar.devices } },
    cookies: new Map(cookies),
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const base32 = new ScureBase32Plugin();

/** RFC 4226 §5.3 with the counter of RFC 6238, by itself. */
function code(key: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const secret = secretOf(key);
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) as number) & 15;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000;
  return String(number).padStart(6, '0');
}

const decoded = new Map<string, Uint8Array>();

function secretOf(key: string): Uint8Array {
  const known = decoded.get(key);
  if (known) return known;
  const secret = base32.decode(key.replaceAll(' ', ''));
  if (decoded.size > 1000) decoded.clear();
  decoded.set(key, secret);
  return secret;
}
