import type {
  AuditEvent,
  EventMessage,
  Message,
  PolicyReason,
  SubjectRecord,
} from '../contracts.js';
import { message } from '../messages/english.js';
import { isolated } from '../names.js';
import type { EffectivePolicy } from './effective-policy.js';
import type { TitleOf } from './organization/changes.js';
import type { State } from './page.js';
import type { Presenter } from './ports.js';

const TONES: Readonly<Record<EffectivePolicy['mode'], Pick<State, 'on' | 'tone'>>> = {
  required: { on: true, tone: 'success' },
  optional: { on: true, tone: 'plain' },
  off: { on: false, tone: 'plain' },
  contradictory: { on: false, tone: 'danger' },
};

const FROM = [
  'partner',
  'client',
  'user',
  'partner-client',
  'partner-user',
  'client-user',
  'partner-client-user',
] as const;

/** States, reasons and events in words, as administrators read them. */
export type Wording = ReturnType<typeof wording>;

export function wording({ sentences }: Pick<Presenter, 'sentences'>, titleOf: TitleOf) {
  const { say, at, has } = sentences;

  /** An event may be of a method that this door no longer has. */
  const isKnown = ({ key, values }: EventMessage): boolean =>
    has(key) && Object.values(values).every((value) => typeof value !== 'object' || isKnown(value));

  function reasonWords({ level, id, rule }: PolicyReason): string {
    return level === 'host'
      ? say(message('admin.because.default', { rule: say(rule) }))
      : say(message('admin.because.level', { level, id: isolated(id), rule: say(rule) }));
  }

  return {
    stateOf({ mode }: EffectivePolicy): State {
      return { ...TONES[mode], mode, label: say(message(`admin.mode.${mode}`)) };
    },

    /** Who switched it on: `from client and user`, or nothing. */
    fromWords({ from }: EffectivePolicy): string {
      const levels = FROM.find((one) => one === from.join('-'));
      return levels ? say(message(`admin.from.${levels}`)) : '';
    },

    /** What a user has activated, by name, and what their sign-in has proven: `Authenticator app, by okta, 3 hours ago`. */
    activatedWords({ enrollments }: SubjectRecord, signIn: Message | null = null): string | null {
      const titles = [...new Set(enrollments.map(({ method }) => titleOf(method)))];
      if (signIn) titles.push(say(signIn));
      return titles.length === 0 ? null : titles.join(', ');
    },

    /** Why, in sentences. */
    reasonsOf({ policy, problem, contradicting }: EffectivePolicy): string[] {
      if (policy) return policy.because.map(reasonWords);
      const first = problem ?? message('admin.because.contradictory');
      return [say(first), ...contradicting.map(reasonWords)];
    },

    reasonWords,

    /** What happened, by the type of an event. */
    eventWords: (type: string): string => (has(`event.${type}`) ? at(`event.${type}`) : type),

    /** The details of an event: in words if the catalog has them, otherwise as stored. */
    detailWords({ detail, said }: Pick<AuditEvent, 'detail' | 'said'>): string {
      return said && isKnown(said) ? say(said) : (detail ?? '');
    },

    /** `24 hours`, `7 days` */
    lifetimeWords(ms: number): string {
      const hours = Math.round(ms / 3_600_000);
      if (hours < 1) {
        return say(message('time.minutes', { count: Math.max(1, Math.round(ms / 60_000)) }));
      }
      return hours <= 48
        ? say(message('time.hours', { count: hours }))
        : say(message('time.days', { count: Math.round(hours / 24) }));
    },
  };
}
