import type { MethodPlan } from 'sallyport';
import type { OrganizationSetting } from '../../src/contracts.js';
import { AdminBrowser, type AdminHost, adminHost } from './admin.js';
import { NO_SETTING } from './policy.js';

/** `globex`, with this setting, an administrator of it, and its partner `north`: both require a second factor. */
export async function credentialsHost(
  methods: readonly MethodPlan[],
  setting: Partial<OrganizationSetting> = {},
) {
  const clock = { now: Date.now, advance: () => {} };
  const host = await adminHost({ clock, host: { options: { methods } } });
  for (const id of ['globex', 'north']) {
    await host.store.writeSetting(id, {
      value: { ...NO_SETTING, mode: 'required', ...(id === 'globex' ? setting : {}) },
      changedBy: 'test',
      expectedVersion: null,
    });
  }
  return { host, admin: await signedIn(host, 'admin@globex') };
}

/** With an app that is activated now. */
export async function signedIn(host: AdminHost, name: string): Promise<AdminBrowser> {
  const browser = await AdminBrowser.signedIn(host, name);
  await browser.activate(name, Date.now());
  return browser;
}

export const settingOf = async ({ store }: AdminHost, id = 'globex') =>
  (await store.readSetting(id))?.value as OrganizationSetting & Record<string, unknown>;

export const versionOf = async ({ store }: AdminHost, id = 'globex') =>
  String((await store.readSetting(id))?.version);
