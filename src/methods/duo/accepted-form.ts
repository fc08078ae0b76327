import { z } from 'zod';
import type { MethodServices, Sentence } from '../../contracts.js';
import { listOf } from '../../web/form-fields.js';
import { DEFAULT_ACCEPTED, type DuoAcceptedResults } from './factors.js';
import { acceptedSchema, type DuoSetting } from './settings.js';
import { DUO_WORDS, duoWords } from './words.js';

type Place = keyof DuoAcceptedResults;
type Rule = DuoAcceptedResults[Place];

/** One rule in the form. */
export interface AcceptedForm {
  readonly rule: 'any' | 'actual' | 'these';
  readonly factors: readonly string[];
  readonly reasons: readonly string[];
}

/** The factors that a person can use at Duo. */
const FACTORS = Object.keys(DUO_WORDS.factor) as (keyof typeof DUO_WORDS.factor)[];
/** The reasons for which Duo lets somebody in. */
const REASONS = Object.keys(DUO_WORDS.reason) as (keyof typeof DUO_WORDS.reason)[];

const rule = z.enum(['any', 'actual', 'these']).optional();
const names = listOf(z.string().regex(/^\w{1,64}$/), 40);

/** The fields of the form, and `accepted` as it is stored for programs. */
export const acceptedShape = {
  loginRule: rule,
  loginFactors: names,
  loginReasons: names,
  stepUpRule: rule,
  stepUpFactors: names,
  stepUpReasons: names,
  accepted: acceptedSchema.optional(),
};

type Fields = z.output<z.ZodObject<typeof acceptedShape>>;

/** Reads what was sent; a field that is left out stays as it is. */
export function readAccepted(
  fields: Fields,
  current: DuoSetting | null,
): {
  readonly accepted: DuoAcceptedResults | undefined;
  readonly errors: Readonly<Record<string, Sentence>>;
} {
  const stored = fields.accepted ?? current?.accepted;
  const errors: Record<string, Sentence> = {};
  const read = (place: Place): Rule => {
    const form = formOf(fields, place);
    if (form === null) return (stored ?? DEFAULT_ACCEPTED)[place];
    if (form.rule !== 'these') return form.rule;
    const { factors, reasons } = form;
    if (factors.length === 0 && reasons.length === 0) {
      errors[`${place}Rule`] = duoWords('wrong.none-ticked');
    }
    return {
      factors: factors.length > 0 ? factors : null,
      reasons: reasons.length > 0 ? reasons : null,
    };
  };
  const accepted = { login: read('login'), stepUp: read('stepUp') };
  const said = stored !== undefined || fields.loginRule || fields.stepUpRule;
  return { accepted: said ? accepted : undefined, errors };
}

function formOf(fields: Fields, place: Place): AcceptedForm | null {
  const chosen = fields[`${place}Rule`];
  if (chosen === undefined) return null;
  return {
    rule: chosen,
    factors: fields[`${place}Factors`],
    reasons: fields[`${place}Reasons`],
  };
}

/** The form as typed, to be shown again; null if it was not sent. */
export function typedAccepted(fields: Fields): Readonly<Record<Place, AcceptedForm>> | null {
  const login = formOf(fields, 'login');
  const stepUp = formOf(fields, 'stepUp');
  return login && stepUp ? { login, stepUp } : null;
}

/** The locals of the view: each rule with its options, including names that a program has set. */
export function acceptedSection(
  stored: DuoAcceptedResults | undefined,
  typed: Readonly<Record<Place, AcceptedForm>> | null,
  say: MethodServices['say'],
) {
  const form = (place: Place): AcceptedForm => {
    const kept = (stored ?? DEFAULT_ACCEPTED)[place];
    if (typed) return typed[place];
    return typeof kept === 'string'
      ? { rule: kept, factors: [], reasons: [] }
      : { rule: 'these', factors: kept.factors ?? [], reasons: kept.reasons ?? [] };
  };
  return (['login', 'stepUp'] as const).map((place) => {
    const { rule: chosen, factors, reasons } = form(place);
    return {
      name: place,
      legend: say(duoWords(`setting.${place}`)),
      rule: chosen,
      factors: options(
        FACTORS.map((one) => [one, say(duoWords(`factor.${one}`))]),
        factors,
      ),
      reasons: options(
        REASONS.map((one) => [one, say(duoWords(`reason.${one}`))]),
        reasons,
      ),
    };
  });
}

function options(known: readonly (readonly [string, string])[], ticked: readonly string[]) {
  const names = new Set([...known.map(([name]) => name), ...ticked]);
  const labels = new Map(known);
  return [...names].map((value) => ({
    value,
    label: labels.get(value) ?? value,
    checked: ticked.includes(value),
  }));
}
