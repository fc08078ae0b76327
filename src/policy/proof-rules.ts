import { z } from 'zod';
import type { ProofRule } from '../contracts.js';
import { durationOf, parseDuration } from '../time.js';

const value = z.string().regex(/^[^\s,]{1,200}$/);
const values = z
  .array(value)
  .max(10)
  .default([])
  .transform((given) => Object.freeze([...new Set(given)]));

/** A rule of a setting or a policy. It must name a value, or a password alone would count as a second factor. */
export const proofRule = z
  .strictObject({
    by: z.string().regex(/^[^\s=]{1,100}$/),
    amr: values,
    acr: values,
    maxAgeSeconds: z
      .int()
      .min(60)
      .max(30 * 24 * 3600),
    phishingResistant: z.boolean().default(false),
  })
  .refine(({ amr, acr }) => amr.length + acr.length > 0, {
    path: ['amr'],
    error: 'amr or acr must name at least one value',
  })
  .transform((rule): ProofRule => Object.freeze(rule));

/** The rules that both lists accept: each rule of one combined with each of the other. */
export function rulesOfBoth(
  some: readonly ProofRule[],
  others: readonly ProofRule[],
): readonly ProofRule[] {
  return some.flatMap((one) =>
    others.map((other) => ruleOfBoth(one, other)).filter((rule) => rule !== null),
  );
}

function ruleOfBoth(one: ProofRule, other: ProofRule): ProofRule | null {
  if (one.by !== other.by) return null;
  const both = one.acr.filter((value) => other.acr.includes(value));
  if (one.acr.length > 0 && other.acr.length > 0 && both.length === 0) return null;
  const either = one.acr.length > 0 ? one.acr : other.acr;
  return Object.freeze({
    by: one.by,
    amr: Object.freeze([...new Set([...one.amr, ...other.amr])]),
    acr: Object.freeze([...(both.length > 0 ? both : either)]),
    maxAgeSeconds: Math.min(one.maxAgeSeconds, other.maxAgeSeconds),
    phishingResistant: one.phishingResistant && other.phishingResistant,
  });
}

/** A rule in one line, as administrators write it: `okta amr=mfa,hwk max-age=12h phishing-resistant`. */
export function ruleText({ by, amr, acr, maxAgeSeconds, phishingResistant }: ProofRule): string {
  return [
    by,
    ...(amr.length > 0 ? [`amr=${amr.join(',')}`] : []),
    ...(acr.length > 0 ? [`acr=${acr.join(',')}`] : []),
    `max-age=${durationOf(maxAgeSeconds * 1000)}`,
    ...(phishingResistant ? [RESISTANT] : []),
  ].join(' ');
}

/** Rules as administrators write them, one in each line; `none` for an empty list, empty for no list. */
export function rulesText(rules: readonly ProofRule[] | null | undefined): string {
  return rules?.length === 0 ? NONE : (rules ?? []).map(ruleText).join('\n');
}

/** Reads the same text, unchecked: `proofRule` accepts or refuses each line. */
export function rulesFromText(text: string): readonly unknown[] | null {
  const lines = text.split('\n').flatMap((line) => line.trim() || []);
  if (lines.length === 0) return null;
  return lines.length === 1 && lines[0] === NONE ? [] : lines.map(ruleFromLine);
}

function ruleFromLine(line: string): unknown {
  const [by, ...parts] = line.split(/\s+/);
  const rule: Record<string, unknown> = { by };
  for (const part of parts) {
    const [name = '', ...rest] = part.split('=');
    const value = rest.join('=');
    const [field, read] = FIELDS.get(part === RESISTANT ? part : `${name}=`) ?? [part, value];
    // A part given twice becomes an unknown field, which is refused.
    rule[field in rule ? part : field] = typeof read === 'function' ? read(value) : read;
  }
  return rule;
}

const NONE = 'none';
const RESISTANT = 'phishing-resistant';

const FIELDS = new Map<string, readonly [field: string, read: unknown]>([
  ['amr=', ['amr', (value: string) => value.split(',')]],
  ['acr=', ['acr', (value: string) => value.split(',')]],
  ['max-age=', ['maxAgeSeconds', (value: string) => (parseDuration(value) ?? Number.NaN) / 1000]],
  [RESISTANT, ['phishingResistant', true]],
]);
