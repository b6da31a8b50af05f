/** What can start a campaign or a ladder. */
export const TRIGGERS = ['cli', 'ui', 'schedule', 'ladder'] as const;

/** What started a campaign: the command line, the Temporal UI, a schedule, or a ladder. */
export type Trigger = (typeof TRIGGERS)[number];
