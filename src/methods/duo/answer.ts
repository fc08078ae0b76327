import type { Attempt } from '../../contracts.js';

const STATE = /^[\w-]{22,128}$/;
const CODE = /^[\w.~+/=-]{1,1024}$/;

/** One state with one code, or with one error. */
export function isAnswer({ state, code, error }: Attempt['input']): boolean {
  if (typeof state !== 'string' || !STATE.test(state)) return false;
  if (error !== undefined) return typeof error === 'string' && code === undefined;
  return typeof code === 'string' && CODE.test(code);
}

export function readAnswer(input: Attempt['input']): {
  state: string;
  code: string;
  error: string | null;
} {
  const { state, code = '', error } = input as Record<string, string | undefined>;
  const named = error !== undefined && /^[\w-]{1,40}$/.test(error) ? error : 'unnamed';
  return { state: String(state), code, error: error === undefined ? null : named };
}
