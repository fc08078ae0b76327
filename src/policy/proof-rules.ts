import { z } from 'zod';
import type { ProofRule } from '../contracts.js';
import { durationOf } from '../time.js';

const value = z.string().regex(/^[^\s,]{1,200}$/);
const values = z
  .array(value)
  .max(10)
  .default([])
  .transform((given) => Object.freeze([...new Set(given)]));

/** A rule as a setting has it, and a policy. One that names nothing would take a password for a second factor. */
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

/** What both lists take: each rule of the one together with each of the other. */
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

const RESISTANT = 'phishing-resistant';
