import type { Audit } from '../audit/events.js';
import { REMEMBERED_DEVICE } from '../contracts.js';
import type { GateConfig } from '../gate/gate.js';
import type { RememberedDevices } from '../session/remembered-device.js';

/** Remembered devices as gate and pages use them, with their events recorded. */
export interface RecordedDevices extends Pick<GateConfig, 'recognize'> {
  readonly remember: RememberedDevices['remember'];
}

export function recordedDevices(devices: RememberedDevices, audit: Audit): RecordedDevices {
  return {
    async recognize(req, res, situation) {
      const outcome = await devices.recognize(req, res, situation);
      const facts = { subject: situation.subject, method: REMEMBERED_DEVICE, from: req };
      if (outcome === 'stolen') audit.record('device.stolen', facts);
      if (outcome === 'recognized') audit.record('verification.succeeded', facts);
      return outcome === 'recognized';
    },
    async remember(req, res, situation, proof) {
      const done = await devices.remember(req, res, situation, proof);
      if (done) audit.record('device.remembered', { subject: situation.subject, from: req });
      return done;
    },
  };
}
