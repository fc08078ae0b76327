/** Who has an authenticator: a hint, to be checked against the subject's record. */
export interface Holder {
  readonly subjectId: string;
  /** In whose name they acted when it was activated. */
  readonly tenantId: string;
  readonly enrollmentId: string;
}

/** What an enrollment is found by, and in whose name it was activated. */
export interface Findable {
  /** Digests of what an authenticator shows of itself; at most 4. */
  readonly foundBy?: readonly string[] | undefined;
  readonly tenantId?: string | undefined;
}

/** From what an authenticator shows of itself to whom it may belong. Kept with the enrollments that it is about. */
export interface HolderStore {
  /** Whoever may have it, at most 8. What is lost of it is nobody: nothing is decided by it. */
  readHolders(foundBy: string): Promise<readonly Holder[]>;
}
