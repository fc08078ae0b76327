import { createHash } from 'node:crypto';

const MARK = '@';

/**
 * A short id of the authority that a method's proof rests on, e.g. an account at an outside service: for an
 * enrollment's `parameters` and for the policy.
 * @example
 * begin: () => ({ parameters: authorityId('gateway.example.com') })
 */
export function authorityId(name: string): string {
  return MARK + createHash('sha256').update(name).digest('base64url').slice(0, 16);
}

/** The authority that an enrollment was made with; null where its secret is ours. */
export function authorityOf({ parameters }: { readonly parameters: string }): string | null {
  return parameters.startsWith(MARK) ? parameters : null;
}
