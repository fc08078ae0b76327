import type { OrganizationSetting, SecondFactorStore } from 'sallyport';

/** What our organizations ask of their people at first; Initech has nothing set, so nothing is asked there. */
const FIRST = {
  acme: setting('required', ['totp']),
  globex: setting('required', ['totp']),
  northwind: setting('optional', ['totp', 'security-key']),
};

/**
 * Saves the first settings. Version 0 is "none yet": what administrators have changed since stays, also when
 * the next process starts.
 */
export async function seedSettings(store: SecondFactorStore): Promise<void> {
  for (const [organizationId, value] of Object.entries(FIRST)) {
    const change = { value, changedBy: 'the demo', expectedVersion: 0 };
    await store.writeSetting(organizationId, change);
  }
}

function setting(
  mode: OrganizationSetting['mode'],
  methods: OrganizationSetting['methods'],
): OrganizationSetting {
  return {
    mode,
    methods,
    enrollment: null,
    graceUntil: null,
    maxAgeSeconds: null,
    rememberDays: null,
    clientsMust: null,
    duo: null,
  };
}
