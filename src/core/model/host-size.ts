/** The size of a host. */
export interface HostSize {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** A host at a moment. */
export interface HostRoom extends HostSize {
  /** Memory that a campaign can get: nothing uses it, and no campaign has reserved it. */
  readonly freeBytes: number;
  /** Memory that campaigns have reserved, whether they use it already or not. */
  readonly reservedBytes: number;
  /** How many campaigns have reserved some. */
  readonly campaigns: number;
}
