/** An existing Prometheus cannot give a campaign what its substrate says, and another attempt would find the same. */
export class FederationRefusal extends Error {
  override readonly name = 'FederationRefusal';
}
