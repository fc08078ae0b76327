import type { PolicyReason, SettingLevels, SettingPlace } from '../contracts.js';

/** Credentials of an organization that clients may borrow. */
export interface Lendable {
  /** Whether clients of this partner without credentials of their own use these. */
  readonly lendToClients: boolean;
}

/** The credentials in use: the organization's own, or those that its partner lends; null for none. */
export function inForce<Stored extends Lendable>({
  organization: { id, kind },
  own,
  partner,
}: SettingLevels<Stored>): ({ readonly stored: Stored } & Omit<PolicyReason, 'rule'>) | null {
  if (own?.stored) return { stored: own.stored, level: kind, id };
  const lent = lentBy(partner);
  return partner && lent && { stored: lent, level: 'partner', id: partner.id };
}

/** The name of the partner whose credentials are used; null if they are the organization's own. */
export function lender({ stored, partner }: SettingPlace<Lendable>): string | null {
  return !stored && partner && lentBy(partner) ? partner.name : null;
}

/**
 * Whether a change takes something from users: another account voids every activation, and credentials that are no
 * longer lent leave clients without any.
 */
export function takesAway<Stored extends Lendable>(
  { stored, partner }: SettingPlace<Stored>,
  next: Stored,
  accountOf: (stored: Stored) => string,
): boolean {
  if (stored?.lendToClients && !next.lendToClients) return true;
  const before = stored ?? lentBy(partner);
  return before !== null && accountOf(before) !== accountOf(next);
}

function lentBy<Stored extends Lendable>(
  partner: Pick<NonNullable<SettingPlace<Stored>['partner']>, 'stored'> | null,
): Stored | null {
  return partner?.stored?.lendToClients ? partner.stored : null;
}
