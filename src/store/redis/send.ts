/** Sends one command on a connection of ours; replies hold Buffers, maps are flat arrays. */
export type Send = (args: readonly (string | Buffer)[]) => Promise<unknown>;

/** Looks at a server with each heartbeat. Rejects with ERR_REDIS_EVICTION. */
export type Watch = (send: Send) => Promise<void>;
