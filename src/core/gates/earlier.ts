/** How far before the window a target may have served a series last, ms, so that it is missed: while the soak was settling, say. */
export const EARLIER_MS = 300_000;
