/** What a setting would do to the users it concerns. */
export interface DryRun {
  readonly examined: number;
  /** null when the directory does not count, or further organizations are concerned. */
  readonly total: number | null;
  /** Whether everybody was examined. */
  readonly complete: boolean;
  /** Of those examined: asked for a second factor from now on, and not before. */
  readonly newlyAsked: number;
  /** Of those examined: have to activate something at their next login, and did not before or could postpone it. */
  readonly mustActivate: number;
  readonly noLongerAsked: number;
  /** Of those examined: could not get in at all, since the levels contradict each other. */
  readonly blocked: number;
  /** The first twenty who would be newly asked and whom this administrator may read. */
  readonly users: readonly {
    readonly id: string;
    readonly label: string;
    readonly organizationId: string;
  }[];
}
