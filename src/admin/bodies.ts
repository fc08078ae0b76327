import type { Request } from 'express';
import { z } from 'zod';
import type { Sentence } from '../contracts.js';
import { RequestError } from '../errors.js';
import { message, sentenceOf } from '../messages/english.js';
import type { Sentences } from '../messages/sentences.js';
import { bodyOf } from '../web/body.js';
import { CSRF_TOKEN } from '../web/fields.js';

/** What is wrong with each field, by its name as it was sent. */
export type FieldErrors = Readonly<Record<string, Sentence>>;

/** The same, as people read it. */
export type FieldWords = Readonly<Record<string, string>>;

/** A 4xx that names fields. */
export class FieldsError extends RequestError {
  readonly fields: FieldErrors;

  constructor(status: number, error: string, sentence: Sentence, fields: FieldErrors) {
    super(status, error, sentence);
    this.fields = fields;
  }
}

/** Lets `fieldErrors` tell a missing field from a wrong one. */
export const WITH_INPUT = { reportInput: true } as const;

/** The body of a change: exactly these fields and our token. Anything else is a 400 that names the field. */
export function readBody<Shape extends z.ZodRawShape>(
  req: Request,
  shape: Shape,
): z.output<z.ZodObject<Shape>> {
  const parsed = z
    .strictObject({ ...shape, _csrf: z.string().max(CSRF_TOKEN).optional() })
    .safeParse(bodyOf(req), WITH_INPUT);
  if (!parsed.success) {
    throw new FieldsError(
      400,
      'invalid_request',
      message('admin.request'),
      fieldErrors(parsed.error),
    );
  }
  return parsed.data as z.output<z.ZodObject<Shape>>;
}

/**
 * What is wrong with each field: from `words`, by the last name in its path, or the usual sentence. Parse
 * `WITH_INPUT`.
 */
export function fieldErrors(error: z.ZodError, words: FieldErrors = {}): FieldErrors {
  const fields: Record<string, Sentence> = {};
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        fields[[...issue.path, key].join('.')] = message('admin.field.unknown');
      }
      continue;
    }
    const name = issue.path.map(String).join('.');
    const last = issue.path.findLast((part) => typeof part === 'string');
    fields[name] ??=
      words[String(last)] ??
      (issue.input === undefined ? message('admin.field.missing') : sentenceOf(issue.message));
  }
  return fields;
}

export function fieldWords(
  fields: Readonly<Record<string, Sentence | undefined>>,
  say: Sentences['say'],
): FieldWords {
  const wrong = Object.entries(fields).flatMap(([name, one]) => (one ? [[name, say(one)]] : []));
  return Object.fromEntries(wrong);
}

/** The named parameters of the query, each one text at most; others are ignored. */
export function readQuery<Name extends string>(
  req: Request,
  names: readonly Name[],
): Readonly<Record<Name, string>> {
  const read = (name: Name): string => {
    const value: unknown = req.query[name];
    if (value !== undefined && (typeof value !== 'string' || value.length > 512)) {
      throw new FieldsError(400, 'invalid_request', message('admin.address'), {
        [name]: message('admin.field.once'),
      });
    }
    return value?.trim() ?? '';
  };
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, string>;
}
