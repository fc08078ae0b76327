import type { RequestListener, Server } from 'node:http';
import type { Awaitable } from '../../contracts.js';

/** An Express app, a server with one, or a function that makes either. */
export type AppUnderTest = RequestListener | Server | (() => Awaitable<RequestListener | Server>);
