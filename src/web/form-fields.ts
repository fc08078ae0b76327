import { z } from 'zod';

/** A field that may be sent several times; a browser sends a single value as a text. */
export const listOf = <T extends z.ZodType>(item: T, max: number) =>
  z.preprocess(
    (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]),
    z.array(item).max(max),
  );

/** One checkbox or a JSON boolean. */
export const checkbox = z
  .union([z.literal('yes'), z.boolean()])
  .optional()
  .transform((value) => value === 'yes' || value === true);
