/** A request that the endpoint of a lead does not carry out: the HTTP status, and the reason for the client. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** More for the client, beside the reason. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}
