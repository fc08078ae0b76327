import { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import { z } from 'zod';
import { SallyportError } from './errors.js';
import { type Duration, parseDuration } from './time.js';

/**
 * Parses every object of options that is given to us: an option that is silently dropped may be the one that denies
 * access. It reads an object's own properties, each once, and treats undefined as absent; any unknown or wrong option
 * throws.
 */
export interface CheckOptions {
  /** The owner of the options, for messages: `gate has no exempts`. */
  readonly name: string;
  /** The start of an option's path: `admin.timeout`. Default: the name; empty if the option's name is enough. */
  readonly path?: string;
  /** Parts of a path whose values are never shown. */
  readonly secrets?: readonly string[];
}

/**
 * Gives the options with defaults. Throws `SallyportError` (ERR_OPTION), which says the path of the option, its
 * value, and what would be right.
 */
export function checkOptions<Schema extends z.ZodType>(
  raw: unknown,
  schema: Schema,
  { name, path: begin = name, secrets = [] }: CheckOptions,
): z.output<Schema> {
  refuseRequest(raw, name);
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // Unknown options first: a misspelt one explains a missing one.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const where = pathText([name, ...path]);
    const unknown = issue.keys.slice(0, 5).join(', ');
    throw new SallyportError(
      'ERR_OPTION',
      `${where} has no ${unknown}; there are: ${issue.message}`,
    );
  }
  const secret = path.some((part) => secrets.includes(part));
  const where = path.length === 0 ? [name] : begin === '' ? path : [begin, ...path];
  const value = valueAt(raw, path);
  throw new SallyportError(
    'ERR_OPTION',
    `${pathText(where)} must be ${issue.message}, got ${secret ? typeof value : shown(value)}`,
  );
}

/** Express calls a part of the door with a request if it was mounted without being called. */
export function refuseRequest(given: unknown, name: string): void {
  if (!(given instanceof IncomingMessage)) return;
  throw new SallyportError(
    'ERR_OPTION',
    `${name} was mounted as it is, and got a request in place of options: mount what door.${name}() returns`,
  );
}

/** An object of exactly these options; also for nested ones, so that the error for a typo lists the right names. */
export function optionsObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ') || 'none';
  return z.preprocess(
    ownProperties,
    z.strictObject(shape, {
      error: ({ code }) => (code === 'unrecognized_keys' ? known : 'an object'),
    }),
  );
}

/** An option for which `test` holds; `right` continues "must be". */
export const option = <T>(
  right: string | ((value: unknown) => string),
  test: (value: unknown) => boolean,
) =>
  z.custom<T>(test, {
    error: ({ input }) => (typeof right === 'string' ? right : right(input)),
  });

export const functionOption = <T>(right: string) =>
  option<T>(right, (value) => typeof value === 'function');

/** An object of the host with these functions, own or inherited. */
export const objectWith = <T extends object>(right: string, names: readonly (keyof T & string)[]) =>
  option<T>(
    right,
    (value) =>
      isObject(value) && names.every((name) => typeof Reflect.get(value, name) === 'function'),
  );

/** Parsed to milliseconds. */
export const durationOption = (example: Duration) =>
  option<Duration>(
    `a duration such as '${example}'`,
    (value) => parseDuration(value) !== null,
  ).transform((value) => parseDuration(value) as number);

export const integerOption = (least: number, most: number) =>
  option<number>(
    `a whole number from ${least} to ${most}`,
    (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  );

export const textOption = (max: number, right = `a text of 1 to ${max} characters`) =>
  option<string>(
    right,
    (value) => typeof value === 'string' && value.trim() !== '' && value.length <= max,
  );

export const booleanOption = () =>
  option<boolean>('true or false', (value) => typeof value === 'boolean');

/**
 * A list, copied, so that later changes of the original have no effect. `right` says what each entry must be,
 * `atLeastOne` what there must be one of.
 */
export function listOption<T>(
  right: string,
  test: (value: unknown) => boolean,
  { atLeastOne }: { readonly atLeastOne?: string } = {},
) {
  const error = `a list${atLeastOne === undefined ? '' : ` of at least one ${atLeastOne}`}, each ${right}`;
  const list = z.array(option<T>(right, test), { error });
  return atLeastOne === undefined ? list : list.min(1, { error });
}

export function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function valueAt(raw: unknown, path: readonly string[]): unknown {
  try {
    return path.reduce(
      (inner, part) => (isObject(inner) ? Reflect.get(inner, part) : undefined),
      raw,
    );
  } catch (error) {
    return error;
  }
}

/** `exempt[0]` and not `exempt.0`. */
function pathText(path: readonly string[]): string {
  return path.reduce((text, part) => (/^\d+$/.test(part) ? `${text}[${part}]` : `${text}.${part}`));
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/**
 * An object's own properties, each read once. Inherited properties are ignored: something on Object.prototype must
 * not change an option.
 */
function ownProperties(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const own: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) {
    try {
      own[key] = Reflect.get(value, key);
    } catch (error) {
      // No valid value of any option, so that it is refused by name.
      own[key] = error;
    }
  }
  return own;
}
