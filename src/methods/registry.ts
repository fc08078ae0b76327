import { readFileSync } from 'node:fs';
import type { MethodName, MethodServices } from '../contracts.js';
import { SallyportError } from '../errors.js';
import type { Catalog } from '../messages/message.js';
import type { Sentences } from '../messages/sentences.js';
import type { BindConfig } from './bind-config.js';
import { bindMethod } from './bound.js';
import type { BoundMethod } from './bound-method.js';
import { checkMethod, wrong } from './check-method.js';
import { methodWords } from './method-words.js';
import type { MethodPlan, PagedMethod } from './pages.js';

export interface RegistryConfig extends BindConfig {
  readonly hasView: (name: string) => boolean;
  /** The door's catalog, from the words of its methods. */
  readonly sentencesOf: (words: Catalog) => Sentences;
}

export interface Registry {
  /** The methods themselves, with their own pages. */
  readonly made: readonly PagedMethod[];
  /** The methods as pages and strategies use them, in the order of the option. */
  readonly bound: ReadonlyMap<MethodName, BoundMethod>;
  /** The door's catalog, with the words of its methods. */
  readonly sentences: Sentences;
}

/**
 * Makes a door's methods. Throws ERR_METHOD for an invalid method: its name, what is wrong, and what would be right.
 */
export function registry(
  plans: readonly MethodPlan[],
  services: Omit<MethodServices, 'say'>,
  { hasView, sentencesOf, ...config }: RegistryConfig,
): Registry {
  const say: MethodServices['say'] = (sentence) => sentences.say(sentence);
  const made = plans.map((plan) =>
    typeof plan === 'function' ? plan({ ...services, say }) : plan,
  );
  const bound = new Map<MethodName, BoundMethod>();
  for (const [at, method] of made.entries()) {
    checkMethod(method, `methods[${at}]`, hasView);
    if (bound.has(method.name)) throw wrong(method.name, 'is given twice: each name is one method');
    bound.set(method.name, bindMethod(method, config));
  }
  if (![...bound.values()].some(({ role, enrollment }) => role === 'factor' && enrollment)) {
    throw new SallyportError('ERR_METHOD', 'methods has none that a person can activate');
  }
  const sentences = sentencesOf(methodWords(made));
  for (const [name, method] of bound) {
    bound.set(name, { ...method, title: sentences.at(`${name}.title`) });
  }
  return { made, bound, sentences };
}

/** The scripts of methods, by method name; read once. */
export function scriptsOf(
  methods: Iterable<Pick<BoundMethod, 'name' | 'script'>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...methods].flatMap(({ name, script }) => (script ? [[name, textOf(script)] as const] : [])),
  );
}

function textOf(script: URL | string): string {
  return typeof script === 'string' ? script : readFileSync(script, 'utf8');
}
