import { Duty } from '../adapters/host/duty.ts';
import { ledgersHere } from '../adapters/host/ledger.ts';
import { pause } from '../adapters/host/poll-until.ts';
import { renewLeases } from '../adapters/substrates/kubeconfig/renew-leases.ts';
import { LEASE_RENEW_MS } from '../core/plan/limits.ts';

interface LeaseKeeperOptions {
  readonly log: { warn(fields: object, message: string): void };
  /** Ends the keeper. The leases expire by themselves then, unless another worker renews them. */
  readonly signal: AbortSignal;
}

/**
 * Renews the leases of the borrowed clusters of this host's campaigns, except of those that are abandoned. Of the workers of a state
 * folder one does it.
 * @returns when the signal is aborted
 */
export async function keepLeases({ log, signal }: LeaseKeeperOptions): Promise<void> {
  const duty = new Duty('lease-keeper');
  while (!signal.aborted) {
    try {
      if (duty.take() !== 'no') await renewAll(log, signal);
    } catch (cause) {
      // A full disk must not end the worker.
      log.warn({ err: cause }, 'a round of the lease keeper failed; it continues');
    }
    await pause(LEASE_RENEW_MS, signal).catch(() => undefined);
  }
  duty.release();
}

/** Renews all leases once, side by side. One that cannot be renewed does not keep the others. */
async function renewAll(log: LeaseKeeperOptions['log'], signal: AbortSignal): Promise<void> {
  const due = ledgersHere().filter(({ abandoned }) => abandoned !== true);
  await Promise.all(
    due.map((ledger) =>
      renewLeases(ledger, signal, ({ name }, cause) => {
        if (!signal.aborted)
          log.warn({ campaign: ledger.campaign, cluster: name, err: cause }, 'a lease was not renewed');
      }),
    ),
  );
}
