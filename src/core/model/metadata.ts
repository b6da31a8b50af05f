export interface Metadata {
  readonly name: string;
  readonly description: string;
}
