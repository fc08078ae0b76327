import type { YubikeyOtpOptions } from 'sallyport';
import { yubikeyClient, yubikeySimulator } from 'sallyport/testing';

/** YubiKeys for the console: where they are checked, and the credentials that Northwind begins with. */
export interface DemoYubikey {
  /** For `yubikeyOtp()`; nothing for YubiCloud. */
  readonly options: YubikeyOtpOptions;
  readonly northwind: { readonly clientId: string; readonly clientSecret: string };
  /** A page with a button that touches the demo key; null where one needs a real one. */
  readonly touch: string | null;
  close(): Promise<void>;
}

/**
 * YubiCloud where YUBICO_CLIENT_ID and YUBICO_SECRET_KEY are set; otherwise a simulator with a demo key, in this process
 * and on loopback. It belongs to this process alone, as Duo's does.
 */
export async function demoYubikey(env: NodeJS.ProcessEnv = {}): Promise<DemoYubikey> {
  const { YUBICO_CLIENT_ID: clientId, YUBICO_SECRET_KEY: clientSecret } = env;
  if (clientId && clientSecret) {
    return {
      ...{ options: {}, northwind: { clientId, clientSecret }, touch: null },
      close: async () => {},
    };
  }
  const northwind = yubikeyClient();
  const simulator = await yubikeySimulator({
    ...{ clients: [northwind], keys: ['the demo key', 'a second key'], now: Date.now },
  });
  return {
    options: { httpsAgent: simulator.agent },
    northwind,
    touch: `${simulator.touchOrigin}/`,
    close: () => simulator.close(),
  };
}
