import { remoteWriteSetting, tryRemoteWrite, type RemoteWriteSetting } from '../adapters/prometheus/remote-write.ts';
import { STORE_CHECK_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';
import { fine } from './doctor-checks.ts';
import type { Check } from './doctor-checks.ts';

const WHAT = 'remote write';
const FROM = 'BELAY_REMOTE_WRITE_URL';

/** Checks the Prometheus that gate series are written to: whether it would take them. Nothing is written. */
export async function checkRemoteWrite(): Promise<Check> {
  let setting: RemoteWriteSetting | undefined;
  try {
    setting = remoteWriteSetting();
  } catch (cause) {
    const fix = 'correct or unset it: a campaign is refused with it';
    return { what: WHAT, found: '', from: FROM, state: 'problem', missing: messageOf(cause), fix };
  }
  if (setting === undefined) return fine(WHAT, 'none', 'gate series stay in the Prometheus of each campaign');
  const { host } = new URL(setting.url);
  try {
    await tryRemoteWrite(setting, STORE_CHECK_MS);
    return fine(WHAT, host, 'gate series are taken');
  } catch (cause) {
    const fix = 'until it is corrected, gate series stay in the Prometheus of each campaign';
    return { what: WHAT, found: host, from: FROM, state: 'optional', missing: messageOf(cause), fix };
  }
}
