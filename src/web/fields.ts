import type { Request } from 'express';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { bodyOf } from './body.js';

/** Long enough for any name, key and state that the pages send. */
export const TEXT = 200;

/** A token of the host's own guard may be longer than ours: csrf-sync makes 256 characters. */
export const CSRF_TOKEN = 1000;

/** For a checkbox, or a word. */
export const SWITCH = 20;

/** The fields that may be sent, with the maximum length of each. */
export type FieldLimits = Readonly<Record<string, number>>;

/**
 * The fields of a form or JSON body: those named, each a single text; anything else (an unknown field, an
 * array, an object, a number, a longer text) is a 400.
 */
export function readFields<const Fields extends FieldLimits>(
  req: Request,
  limits: Fields,
): Partial<Record<keyof Fields & string, string>> {
  const body: unknown = bodyOf(req);
  if (!isSent(body, { ...limits, _csrf: CSRF_TOKEN })) {
    const names = Object.keys(limits).join(', ');
    const sentence =
      names === '' ? message('request.form-without-fields') : message('request.form', { names });
    throw new RequestError(400, 'invalid_request', sentence);
  }
  const { _csrf, ...fields } = body;
  return fields as Partial<Record<keyof Fields & string, string>>;
}

function isSent(body: unknown, limits: FieldLimits): body is Readonly<Record<string, string>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  return Object.entries(body).every(
    ([name, value]) =>
      Object.hasOwn(limits, name) &&
      (value === undefined || (typeof value === 'string' && value.length <= limits[name]!)),
  );
}
