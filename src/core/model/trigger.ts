/** What can start a campaign or a ladder. */
export const TRIGGERS = ['cli', 'ui', 'schedule', 'ladder', 'comparison'] as const;

/** What started a campaign: the command line, the Temporal UI, a schedule, a ladder, or a comparison. */
export type Trigger = (typeof TRIGGERS)[number];
