/** How many targets of each scrape job a campaign has. A job that is not in it may have any number. */
export type ExpectedTargets = Readonly<Record<string, { readonly count: number }>>;
