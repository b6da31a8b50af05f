import { Agent } from 'undici';

/** For requests to this machine. They go through no proxy, also where the user's environment makes Node use one for all requests. */
export const directAgent: Agent = new Agent();
