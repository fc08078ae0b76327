import https from 'node:https';
import { Socket } from 'node:net';
import { connect } from 'node:tls';

export interface LoopbackAddress {
  /** The names that are reached. */
  readonly hosts: readonly string[];
  /** The simulator's TLS port on 127.0.0.1. */
  readonly port: number;
  /** The simulator's authority, PEM. */
  readonly ca: string;
  /** For the error of any other name: `the Duo simulator`. */
  readonly simulator: string;
}

/**
 * An `https.Agent` for which a simulator *is* the hosts: it connects to 127.0.0.1, while the name in SNI, in the
 * certificate check and in the Host header stays theirs. Any other host is an error, so that a test never leaves the
 * machine.
 */
export function loopbackAgent({ hosts, port, ca, simulator }: LoopbackAddress): https.Agent {
  const reachable = new Set(hosts);
  const agent = new https.Agent({ ca });
  // The request's own TLS options are left aside: none of them could weaken the check of the name.
  agent.createConnection = ({ host }, callback) => {
    if (!host || !reachable.has(host)) {
      const message = `${simulator}'s agent reaches ${hosts[0]} only, not ${host}`;
      callback?.(new Error(message), new Socket());
      return undefined;
    }
    return connect({ host: '127.0.0.1', port, servername: host, ca });
  };
  return agent;
}
