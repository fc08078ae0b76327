/** Who has an authenticator: a hint, to be checked against the subject's record. */
export interface Holder {
  readonly subjectId: string;
  /** The organization in whose name they acted when it was activated. */
  readonly tenantId: string;
  readonly enrollmentId: string;
}

/** What an enrollment is found by, and the organization in whose name it was activated. */
export interface Findable {
  /** Digests of what an authenticator shows of itself; at most 4. */
  readonly foundBy?: readonly string[] | undefined;
  readonly tenantId?: string | undefined;
}

/**
 * An index from what an authenticator shows of itself to its possible owners. It is updated with their enrollments.
 */
export interface HolderStore {
  /** The possible owners, at most 8. It may be lost without harm, since no access decision rests on it. */
  readHolders(foundBy: string): Promise<readonly Holder[]>;
}
