import https from 'node:https';
import { Socket } from 'node:net';
import { connect } from 'node:tls';
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
 */
export function duoSimulatorAgent({ apiHost, port, ca }: SimulatorAddress): https.Agent {
  const reachable = new Set([apiHost, ELSEWHERE_HOST]);
  const agent = new https.Agent({ ca });
  // The request's own TLS options are left aside: none of them could weaken the check of the name.
  agent.createConnection = ({ host }, callback) => {
    if (!host || !reachable.has(host)) {
      const message = `the Duo simulator's agent reaches ${apiHost} only, not ${host}`;
      callback?.(new Error(message), new Socket());
      return undefined;
    }
    return connect({ host: '127.0.0.1', port, servername: host, ca });
  };
  return agent;
}
