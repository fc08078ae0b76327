import {
  at,
  type Found,
  nameOf,
  noId,
  type Reader,
  type ReadOptions,
  subjectOf,
  timeOf,
} from './found.js';
import { jsonElements } from './json-elements.js';

const IDS = ['fields.user'];

/**
 * What `manage.py dumpdata otp_totp otp_static` writes: a list, or lines with `--format jsonl`. Codes come after apps,
 * and stay in memory until then; nothing else does.
 */
export const djangoOtp: Reader = async function* (chunks, options) {
  const codes = codesOfDevices();
  let number = 0;
  for await (const row of jsonElements(chunks)) {
    number += 1;
    const model = String(at(row, 'model')).toLowerCase();
    if (model === 'otp_totp.totpdevice') yield readDevice(number, row, options);
    else if (model === 'otp_static.staticdevice') codes.device(number, row);
    else if (model === 'otp_static.statictoken') codes.token(row);
    else if (/^otp_/.test(model)) {
      const subject = subjectOf(row, IDS, options);
      yield {
        ...{ kind: 'left', at: number, id: subject?.id ?? null },
        why: `there is nothing here for ${/^[\w.]{1,48}$/.test(model) ? model : 'its model'}`,
      };
    }
  }
  yield* codes.all(options);
};

function readDevice(number: number, row: unknown, options: ReadOptions): Found {
  const subject = subjectOf(row, IDS, options);
  if (!subject) return noId(number, IDS, options);
  const field = (name: string) => at(row, `fields.${name}`);
  const left = (why: string): Found => ({ kind: 'left', at: number, id: subject.id, why });
  if (field('confirmed') === false) return left('its app was never confirmed');
  if ((field('t0') ?? 0) !== 0) return left('its app counts from another time than 1970 (t0)');
  const app = {
    ...{ secret: field('key'), encoding: 'hex', digits: field('digits'), period: field('step') },
    ...{ name: nameOf(field('name')), createdAt: timeOf(field('created_at')) },
  };
  return { kind: 'factors', at: number, subject, factors: { totp: [app] } };
}

function codesOfDevices() {
  const devices = new Map<unknown, { readonly at: number; readonly row: unknown }>();
  const tokens = new Map<unknown, string[]>();
  return {
    device(number: number, row: unknown): void {
      devices.set(at(row, 'pk'), { at: number, row });
    },
    token(row: unknown): void {
      const device = at(row, 'fields.device');
      const known = tokens.get(device) ?? [];
      known.push(String(at(row, 'fields.token')));
      tokens.set(device, known);
    },
    *all(options: ReadOptions): Generator<Found> {
      for (const [pk, { at: number, row }] of devices) {
        const subject = subjectOf(row, IDS, options);
        const recoveryCodes = tokens.get(pk) ?? [];
        tokens.delete(pk);
        if (!subject) yield noId(number, IDS, options);
        else if (at(row, 'fields.confirmed') === false) {
          yield { kind: 'left', at: number, id: subject.id, why: 'its codes were never confirmed' };
        } else yield { kind: 'factors', at: number, subject, factors: { recoveryCodes } };
      }
      for (const left of tokens.values()) {
        const why = `${left.length} codes are of a device that is not in this file`;
        yield { kind: 'left', at: 0, id: null, why };
      }
    },
  };
}
