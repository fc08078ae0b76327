import type { Floor } from '../../src/contracts.js';
import { authorityId, type Policy } from '../../src/contracts.js';
import type { Levels } from '../../src/policy/levels.js';
import { KEY, type Parts } from './levels.js';

/*
 * The same in other words, those of the issue and of the design, for the machine to compare with. It asks for
 * each part on its own what anybody with a say in it has said.
 */

type Said = Pick<Floor, 'mode' | 'methods' | 'graceUntil' | 'maxAgeSeconds' | 'rememberDays'> & {
  enrollment: string;
  phishingResistant?: true | null | undefined;
};

/** Who has a say about a user of this organization, from the top down. */
function voices({ organization, partner, own, user }: Levels) {
  const all: { level: string; id: string; says: Partial<Said> }[] = [];
  // "a partner may set a floor 'clients must'"; its own mode "does not imply its clients".
  if (organization.kind === 'client' && organization.partnerId && partner?.value.clientsMust) {
    all.push({ level: 'partner', id: organization.partnerId, says: partner.value.clientsMust });
  }
  if (own) {
    const { clientsMust, duo, ...says } = own.value;
    const given = Object.fromEntries(Object.entries(says).filter(([, value]) => value !== null));
    all.push({ level: organization.kind, id: organization.id, says: given as Partial<Said> });
  }
  if (user) all.push({ level: 'user', id: user.id, says: user.setting.value });
  return all;
}

export function naive(levels: Levels, registered: readonly string[]): Parts | 'nobody' {
  const says = voices(levels).map((voice) => voice.says);
  const somebody = (test: (one: Partial<Said>) => boolean) => says.some(test);
  const requires = (one: Partial<Said>) => one.mode === 'required';

  const mode = somebody(requires)
    ? 'required'
    : somebody((one) => one.mode === 'optional')
      ? 'optional'
      : 'off';

  const { organization, partner, own } = levels;
  const lent =
    organization.kind === 'client' && organization.partnerId && partner?.value.duo?.lendToClients
      ? partner.value.duo
      : null;
  const duoKeys = own?.value.duo ?? lent;

  // "methods intersect": one is left if it can be activated and nobody who names methods leaves it out.
  const lists = says.flatMap((one) => (one.methods ? [one.methods] : []));
  // Whoever takes only what nobody can phish takes no recovery codes either.
  const onlyKeys = somebody((one) => one.phishingResistant === true);
  const left = registered.filter(
    (method) =>
      method !== 'recovery-code' &&
      (!onlyKeys || method === 'security-key') &&
      (method !== 'duo' || duoKeys) &&
      lists.every((list) => list.includes(method)),
  );
  // "Settings that contradict" each other let nobody in.
  if (mode !== 'off' && left.length === 0) return 'nobody';
  const order = lists.at(-1) ?? registered;
  left.sort((one, other) => order.indexOf(one) - order.indexOf(other));

  const dates = says
    .filter(requires)
    .map((one) => (one.graceUntil ? new Date(one.graceUntil).getTime() : 0));
  const ages = says.flatMap((one) => (one.maxAgeSeconds ? [one.maxAgeSeconds] : []));
  const grace = dates.length === 0 ? 0 : Math.min(...dates);
  // A permission of one's own organization, within what everybody allows.
  const days = says.flatMap((one) => one.rememberDays ?? []);
  const allowed = own?.value.rememberDays ? Math.min(...days) : 0;
  return {
    mode,
    methods: [...left, ...registered.filter((method) => method === 'recovery-code' && !onlyKeys)],
    // A part of its own for whoever is there.
    ...(registered.includes('duo') && {
      duo: duoKeys
        ? {
            source: own?.value.duo ? organization.id : String(organization.partnerId),
            credentialVersion: duoKeys.keys.version,
            account: authorityId(duoKeys.keys.apiHost),
          }
        : null,
    }),
    enrollment: somebody((one) => one.enrollment === KEY) ? KEY : 'self',
    graceUntil: grace === 0 ? null : new Date(grace),
    maxAgeSeconds: ages.length === 0 ? null : Math.min(...ages),
    rememberDeviceSeconds: allowed === 0 ? null : allowed * 86_400,
    proofs: [],
  };
}

/** Who has said what and is not in `because`, and what is in `because` and nobody has said. */
export function unaccounted(
  levels: Levels,
  registered: readonly string[],
  policy: Policy,
): string[] {
  const { kind, id } = levels.organization;
  const missing: string[] = [];
  const unexplained = policy.because.map((one) => `${one.level} ${one.id}: ${one.rule}`);
  const take = (who: string, rule: RegExp) => {
    const at = unexplained.findIndex(
      (one) => one.startsWith(`${who}: `) && rule.test(one.slice(who.length + 2)),
    );
    if (at < 0) missing.push(`${who} ${rule}`);
    else unexplained.splice(at, 1);
  };
  const all = voices(levels).map((voice) => ({ who: `${voice.level} ${voice.id}`, ...voice.says }));
  const each = (part: keyof Said, rule: (one: Partial<Said>) => RegExp) => {
    const saying = all.filter((one) => one[part] !== undefined && one[part] !== null);
    for (const one of saying) take(one.who, rule(one));
    return saying.length > 0;
  };

  if (!each('mode', ({ mode }) => new RegExp(`^two-factor is ${mode} \\(set by`))) {
    take(`${kind} ${id}`, /^nothing was switched on$/);
  }
  take('host door', new RegExp(`^offers ${registered.join(', ')}$`));
  each('phishingResistant', () => /^accepts methods alone that nobody can phish \(set by/);
  each('methods', ({ methods }) => new RegExp(`^accepts ${methods?.join(', ')} \\(`));
  if (policy.duo) {
    const level = policy.duo.source === id ? kind : 'partner';
    take(
      `${level} ${policy.duo.source}`,
      policy.methods.includes('duo') ? /^Duo is offered/ : /^Duo is not offered/,
    );
  } else if (registered.includes('duo')) {
    take(`${kind} ${id}`, /^has no keys for Duo$/);
  }
  if (
    !each('enrollment', ({ enrollment }) => (enrollment === KEY ? /needs an act/ : /needs no act/))
  ) {
    take('host door', /^a first activation needs no activation key$/);
  }
  for (const { who, graceUntil, mode } of all) {
    if (mode !== 'required') continue;
    take(who, graceUntil ? new RegExp(`until ${graceUntil} \\(`) : /^cannot be postponed \(/);
  }
  if (!each('maxAgeSeconds', ({ maxAgeSeconds }) => new RegExp(`for ${maxAgeSeconds} s \\(`))) {
    take('host door', /^a proof counts as long as the app has it$/);
  }
  if (levels.own?.value.rememberDays) {
    each('rememberDays', ({ rememberDays }) => new RegExp(`at most ${rememberDays} days \\(`));
  } else {
    take(`${kind} ${id}`, /^does not let devices be remembered$/);
  }
  return [...missing.map((one) => `missing: ${one}`), ...unexplained.map((one) => `extra: ${one}`)];
}
