import type { Request } from 'express';
import { z } from 'zod';
import { RequestError } from '../errors.js';
import { bodyOf } from './body.js';

// Long enough for any code, key and state that the pages send.
const MAX_LENGTH = 200;

/**
 * The fields of a form or JSON body: those named, each a single text; anything else (an unknown field, an
 * array, an object, a number) is a 400.
 */
export function readFields<Name extends string>(
  req: Request,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const shape = Object.fromEntries(
    [...names, '_csrf'].map((name) => [name, z.string().max(MAX_LENGTH).optional()]),
  );
  const parsed = z.strictObject(shape).safeParse(bodyOf(req));
  if (!parsed.success) {
    throw new RequestError(
      400,
      'invalid_request',
      `The form was not understood: only ${names.join(', ') || 'no fields'} may be sent, each as one text.`,
    );
  }
  const { _csrf, ...fields } = parsed.data;
  return fields as Partial<Record<Name, string>>;
}
