/** The workflow types that a worker serves. Their names are typed in the Temporal UI and recorded in histories: stable for ever. */
export { campaign } from './campaign.ts';
export { comparison } from './comparison.ts';
export { janitor } from './janitor.ts';
export { ladder } from './ladder.ts';
