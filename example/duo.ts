import type { DuoKeysInput, DuoOptions } from 'sallyport';
import { duoKeys, duoSimulator } from 'sallyport/testing';

/** Duo for the console: where it is, and the keys that Globex begins with. */
export interface DemoDuo {
  /** For `duo()`; nothing for the real Duo. */
  readonly options: DuoOptions;
  readonly globex: DuoKeysInput;
  /** What to say at start. */
  readonly says: string;
  close(): Promise<void>;
}

/**
 * The real Duo where DUO_INTEGRATION_KEY, DUO_SECRET_KEY and DUO_API_HOST are set; otherwise a simulator, in
 * this process and on loopback. It belongs to this process alone: of several on one Redis each has its own,
 * so try Duo with one.
 */
export async function demoDuo(env: NodeJS.ProcessEnv = {}): Promise<DemoDuo> {
  const {
    DUO_INTEGRATION_KEY: clientId,
    DUO_SECRET_KEY: clientSecret,
    DUO_API_HOST: apiHost,
  } = env;
  if (clientId && clientSecret && apiHost) {
    return {
      options: {},
      globex: { clientId, clientSecret, apiHost },
      says: `Duo: ${apiHost}`,
      close: async () => {},
    };
  }
  const globex = { ...duoKeys(), name: 'Globex' };
  const simulator = await duoSimulator({
    apps: [globex, { ...duoKeys(), name: 'Initech' }],
    users: { 'user2@globex.example': 'active' },
    now: Date.now,
  });
  const { agent, promptOrigin } = simulator;
  return {
    // The simulator's own authority is trusted by this agent alone, and browsers see the prompt over http.
    options: { httpsAgent: agent, promptOrigin },
    globex: {
      clientId: globex.clientId,
      clientSecret: globex.clientSecret,
      apiHost: simulator.apiHost,
    },
    says: `Duo simulator, with keys to enter for Initech: ${promptOrigin}/`,
    close: () => simulator.close(),
  };
}
