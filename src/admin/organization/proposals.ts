import type { Change, OrganizationSetting, Sentence } from '../../contracts.js';
import { message } from '../../messages/english.js';
import type { Hypothesis } from '../../policy/organization-policy.js';
import { contradictions } from '../../policy/settings.js';
import type { FieldErrors } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { type Current, changesTo } from './current.js';
import { hypothesisOf, wouldLockOut } from './hypothesis.js';
import { type Proposal, readProposal } from './setting-form.js';

/** The result of judging a proposal, before anything is written. */
export type Judgement =
  | { readonly kind: 'conflict'; readonly proposal: Proposal }
  | { readonly kind: 'wrong'; readonly proposal: Proposal; readonly errors: FieldErrors }
  | {
      readonly kind: 'good';
      readonly proposal: Proposal;
      readonly setting: OrganizationSetting;
      readonly hypothesis: Hypothesis;
      readonly changes: readonly Change[];
      /** Whether the administrator could get in until now, and could not afterwards. */
      readonly locksOut: boolean;
    };

/** Reads and judges a proposal, in the same way for the preview and for saving. */
export async function judge(
  context: AdminContext,
  visit: OrganizationVisit,
  current: Current,
): Promise<Judgement> {
  const { policies, store, selectable, settings, methods } = context;
  const { req, organization, admin } = visit;
  const proposal = readProposal(req, current.value, {
    ...{ settings, methods: [...methods.values()] },
    now: store.now(),
    isPartner: organization.kind === 'partner',
  });
  if (proposal.version !== current.version) return { kind: 'conflict', proposal };
  const { setting } = proposal;
  if (!setting) return { kind: 'wrong', proposal, errors: proposal.errors };

  const errors: Record<string, Sentence> = {};
  const hypothesis = hypothesisOf(context, visit, current, setting);
  const effective = await policies.everybody(organization.id, admin, hypothesis);
  const enrollable = selectable
    .map(({ name }) => name)
    .filter((name) => !effective.withoutSetting.includes(name));
  for (const { field, message: sentence } of contradictions(setting, {
    ...{ kind: organization.kind, enrollable, methods: [...methods.values()] },
  })) {
    errors[field] ??= sentence;
  }
  if (Object.keys(errors).length === 0) {
    const left = effective.policy?.methods.filter((name) => enrollable.includes(name)) ?? [];
    // Also while the mode is off: a user who is switched on alone could not get in.
    if (left.length === 0) {
      errors.methods = message('admin.setting.wrong.none-left');
    }
  }
  if (Object.keys(errors).length > 0) return { kind: 'wrong', proposal, errors };
  return {
    kind: 'good',
    proposal,
    setting,
    hypothesis,
    changes: changesTo(context, current, setting),
    locksOut: await wouldLockOut(context, visit, hypothesis),
  };
}
