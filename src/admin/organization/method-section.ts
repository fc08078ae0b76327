import type { MethodName, SettingPlace, SettingRefused } from '../../contracts.js';
import { storedOf } from '../../policy/settings.js';
import { fieldWords } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { type Current, currentSetting } from './current.js';
import type { MethodWithSection } from './method-with-section.js';

/** What a method's section shows when nothing was saved. */
export interface SectionRefused extends SettingRefused {
  readonly method: MethodName;
  /** What was sent, to be shown again; null to show the present setting. */
  readonly typed: Readonly<Record<string, unknown>> | null;
}

/** What a method's section depends on: the organization's own setting and its partner's. */
export async function placeOf(
  { store, directory, settings }: Pick<AdminContext, 'store' | 'directory' | 'settings'>,
  { organization }: Pick<OrganizationVisit, 'organization'>,
  { value }: Pick<Current, 'value'>,
  method: MethodName,
): Promise<SettingPlace> {
  const { kind, partnerId } = organization;
  const stored = storedOf(value, method);
  if (kind !== 'client' || partnerId === null) return { organization, stored, partner: null };
  const above = currentSetting(settings, await store.readSetting(partnerId), partnerId).value;
  const name = (await directory.organization(partnerId))?.name ?? partnerId;
  const partner = { name, stored: storedOf(above, method), floor: above.clientsMust };
  return { organization, stored, partner };
}

/** The section of the page that belongs to a method. */
export async function sectionOf(
  context: AdminContext,
  visit: OrganizationVisit,
  current: Current,
  { name: method, section }: MethodWithSection,
  mayChange: boolean,
  refused: SectionRefused | null,
) {
  const place = await placeOf(context, visit, current, method);
  const own = refused?.method === method ? refused : null;
  return {
    method,
    view: section.view,
    locals: {
      ...section.locals(place, own?.typed ?? null),
      ...{ action: visit.at.ofMethod(method).save, version: current.version, mayChange },
      wrong: fieldWords(own?.errors ?? {}, context.present.say),
      message: own && context.present.say(own.message),
    },
    json: section.json(place),
  };
}
