import type { PolicyMethod, SettingSection } from '../../contracts.js';

export type MethodWithSection = PolicyMethod & { readonly section: SettingSection };
