import { type DirectoryOrganization, EVENT_TYPES, type MethodName } from '../contracts.js';
import { message } from '../messages/english.js';
import {
  type BoundMethod,
  type FindableMethod,
  isEnrollable,
  isFindable,
} from '../methods/bound-method.js';
import type { SettingReader } from '../policy/settings.js';
import { authorizer, type MayI } from './authorize.js';
import { deadline } from './deadline.js';
import { type CheckedDirectory, checkedDirectory } from './directory.js';
import { type EffectivePolicies, effectivePolicies } from './effective-policy.js';
import type { OrganizationVisit } from './guard.js';
import { type NavOf, navigation } from './nav.js';
import type { AdminConfig } from './options.js';
import { type ChangesBetween, changesOf, type TitleOf } from './organization/changes.js';
import type { MethodWithSection } from './organization/method-with-section.js';
import type { AdminPorts } from './ports.js';
import { type Wording, wording } from './wording.js';

/** The dependencies that all handlers share. */
export interface AdminContext extends AdminPorts {
  readonly options: AdminConfig;
  readonly directory: CheckedDirectory;
  readonly mayI: MayI;
  readonly policies: EffectivePolicies;
  readonly navOf: NavOf;
  readonly titleOf: TitleOf;
  readonly words: Wording;
  /** Settings as this door reads them. */
  readonly settings: SettingReader;
  readonly changesBetween: ChangesBetween;
  /** The types of events that this door knows, the methods' own last. */
  readonly eventTypes: readonly string[];
  /** Methods for which an organization sets something on a page. */
  readonly withSection: readonly MethodWithSection[];
  /** Methods that can tell whose an authenticator is. */
  readonly findable: readonly FindableMethod[];
  /** Methods that a setting may name. */
  readonly selectable: readonly { readonly name: MethodName; readonly title: string }[];
}

export function adminContext(ports: AdminPorts, options: AdminConfig): AdminContext {
  const { methods } = ports;
  const all = [...methods.values()];
  const titleOf: TitleOf = (name) => methods.get(name)?.title ?? name;
  const withinDeadline = deadline(options.timeoutMs);
  const directory = checkedDirectory(options.directory, withinDeadline);
  return {
    ...ports,
    options,
    directory,
    mayI: authorizer(options.authorize, withinDeadline),
    policies: effectivePolicies(ports.policy, all, withinDeadline),
    navOf: navigation(directory, ports.present.say),
    words: wording(ports.present, titleOf),
    titleOf,
    settings: ports.policy.settings,
    changesBetween: changesOf(all, titleOf),
    eventTypes: [...EVENT_TYPES, ...all.flatMap(({ events }) => Object.keys(events ?? {}))],
    withSection: all.filter(hasSection),
    findable: all.filter(isFindable),
    selectable: all.filter(isEnrollable).map(({ name, title }) => ({ name, title })),
  };
}

function hasSection(method: BoundMethod): method is BoundMethod & MethodWithSection {
  return method.section !== undefined;
}

/** An organization as JSON: the fields that are ours, whatever else the host's object holds. */
export function organizationJson({ id, name, kind, partnerId }: DirectoryOrganization) {
  return { id, name, kind, partnerId };
}

const DONE = ['saved', 'activated', 'revoked', 'unlocked', 'reset', 'unchanged'] as const;

/** What the page before has done, by a word in the address: one of ours, never free text. */
export function noticeOf(
  { req }: Pick<OrganizationVisit, 'req'>,
  { say }: Pick<AdminPorts['present'], 'say'>,
): string | null {
  const known = DONE.find((one) => one === req.query.done);
  return known ? say(message(`admin.notice.${known}`)) : null;
}
