/** Something that cannot work: the field to change, and a sentence with what was found and what is allowed. */
export interface Infeasibility {
  readonly field: string;
  readonly message: string;
}

/** The machines of a system: those Belay creates, the tiers of its provider, or as many as it creates itself. */
export type Capacity = 'seeded' | 'tiers' | 'elastic';
