import { yubikeyOtp } from 'sallyport';
import { yubikeySimulatorAgent } from 'sallyport/testing';
import { runHost } from './own-process.js';

type Simulator = Parameters<typeof yubikeySimulatorAgent>[0];

await runHost('yubikey-otp', (simulator: Simulator) => [
  yubikeyOtp({ httpsAgent: yubikeySimulatorAgent(simulator) }),
]);
