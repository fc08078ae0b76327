import type https from 'node:https';
import { loopbackAgent } from '../simulator/agent.js';
import { ELSEWHERE_HOST } from './hosts.js';

export interface SimulatorAddress {
  /** The simulator's API hostname, e.g. `api-5150cafe.duosecurity.com`. */
  readonly apiHost: string;
  /** The simulator's TLS port on 127.0.0.1. */
  readonly port: number;
  /** The simulator's authority, PEM. */
  readonly ca: string;
}

/**
 * An `https.Agent` for which the simulator *is* its API hostname: it connects to 127.0.0.1, while the name
 * in SNI, in the certificate check and in the Host header stays Duo's. Any other host is an error, so that
 * a test never leaves the machine. For a simulator of the same process take `simulator.agent`.
 * @example
 * duo({ httpsAgent: duoSimulatorAgent({ apiHost, port, ca: readFileSync('ca.pem', 'utf8') }) })
 */
export function duoSimulatorAgent({ apiHost, port, ca }: SimulatorAddress): https.Agent {
  const simulator = 'the Duo simulator';
  return loopbackAgent({ hosts: [apiHost, ELSEWHERE_HOST], port, ca, simulator });
}
