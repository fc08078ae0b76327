import type { Request } from 'express';
import type { AnswerShape, Prompt } from '../contracts.js';
import { UnavailableError } from '../errors.js';
import type { Stylesheets } from '../web/assets.js';
import type { FieldLimits } from '../web/fields.js';
import type { Refusal } from '../web/refusal.js';
import type { AnyResponder } from '../web/respond.js';
import type { BoundMethod } from './bound-method.js';

type Form = Extract<Prompt, { kind: 'form' }>;

/** The fields that may be sent to a method, with its limits; none without a method. */
export function answerFields(answer: AnswerShape = {}): FieldLimits {
  const fields = Object.entries(answer);
  return Object.fromEntries(fields.map(([name, { maxLength }]) => [name, maxLength]));
}

export interface FormConfig {
  readonly respond: Pick<AnyResponder, 'sentences'>;
  readonly stylesheets: Pick<Stylesheets, 'scriptOf'>;
}

/** A method's own locals, and the fields of its answer for our form if it has no view. */
export function formLocals(
  { name: of, answer, title, restart }: BoundMethod,
  { locals }: Form,
  { stylesheets, respond }: FormConfig,
): object {
  const { at, has } = respond.sentences;
  const said = (key: string) => (has(`${of}.${key}`) ? at(`${of}.${key}`) : null);
  const fields = Object.entries(answer).map(([name, { inputMode, maxLength }]) => ({
    ...{ name, hint: said(`answer.${name}.hint`), maxLength },
    label: said(`answer.${name}.label`) ?? at('method.code'),
    inputMode: inputMode ?? 'text',
  }));
  return {
    ...{ fields, heading: title, text: said('begin.text'), sends: restart !== null },
    methodScript: stylesheets.scriptOf(of)?.href ?? null,
    ...made(locals),
  };
}

/** The JSON for a program; functions within it are called only if the query names them. */
export function jsonOf({ json }: Form, { query }: Request): Readonly<Record<string, unknown>> {
  const members = Object.entries(made(json) ?? {});
  return Object.fromEntries(
    members
      .filter(([name, value]) => typeof value !== 'function' || Object.hasOwn(query, name))
      .map(([name, value]) => [name, made(value)]),
  );
}

export function saidOf(wrong: Refusal | null) {
  return { error: wrong?.message ?? null, retryAt: wrong?.retryAt ?? null };
}

/** The error for a method that leaves for an outside page without a page of its own to come back to. */
export function leavesNowhere({ name }: BoundMethod): UnavailableError {
  return new UnavailableError(
    'ERR_METHOD',
    `${name} leads away and brings no pages(web).challenge and .activation for it`,
  );
}

function made<T>(part: T | (() => T)): T {
  return typeof part === 'function' ? (part as () => T)() : part;
}
