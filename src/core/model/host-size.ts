/** The size of a host. */
export interface HostSize {
  readonly cores: number;
  readonly memoryBytes: number;
}
