import type { MethodName, PolicyMethod } from '../../src/contracts.js';
import { duoSettings } from '../../src/methods/duo/settings.js';
import type { Levels } from '../../src/policy/levels.js';
import { policyParser } from '../../src/policy/resolve.js';
import { resolveSettings as resolve } from '../../src/policy/resolve-settings.js';
import { contradictions as contradict, settingReader } from '../../src/policy/settings.js';

/** Methods as policies know them, by their names. */
export const policyMethods = (names: readonly MethodName[]): PolicyMethod[] =>
  names.map((name) => ({
    name,
    ...(name === 'recovery-code' && { role: 'backup' }),
    ...(name === 'duo' && { settings: duoSettings }),
    ...(name === 'security-key' && { phishingResistant: true }),
  }));

/** Settings as a door with the built-in methods reads them. */
const settings = settingReader(policyMethods(['totp', 'duo', 'recovery-code']));
export const NO_SETTING = settings.none;
export const organizationSetting = settings.organization;

export const parsePolicy = (raw: unknown, names: readonly MethodName[]) =>
  policyParser(policyMethods(names))(raw);

export const resolveSettings = (levels: Levels, names: readonly MethodName[]) =>
  resolve(levels, policyMethods(names));

export const contradictions = (
  setting: Parameters<typeof contradict>[0],
  where: Omit<Parameters<typeof contradict>[1], 'methods'>,
) => contradict(setting, { ...where, methods: policyMethods(['totp', 'duo', 'recovery-code']) });
