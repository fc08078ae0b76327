/** The simulator's API hostname unless `apiHost` says otherwise. */
export const DEFAULT_API_HOST = 'api-5150cafe.duosecurity.com';

/** Where the setting `redirect-307` points: another host name, served by the simulator as well. */
export const ELSEWHERE_HOST = 'elsewhere.duo-simulator.test';

/** What a host must look like for production code to talk to it. */
export const API_HOST_PATTERN = /^api-[a-z0-9]+\.(duosecurity|duofederal)\.com$/;
