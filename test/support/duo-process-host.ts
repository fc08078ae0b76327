import { duoSimulatorAgent } from 'sallyport/testing';
import { methodsWith } from './methods.js';
import { runHost } from './own-process.js';

type Simulator = Parameters<typeof duoSimulatorAgent>[0] & { readonly promptOrigin: string };

/** With the real SDK. */
await runHost('duo', (simulator: Simulator) =>
  methodsWith({
    duo: { httpsAgent: duoSimulatorAgent(simulator), promptOrigin: simulator.promptOrigin },
  }),
);
