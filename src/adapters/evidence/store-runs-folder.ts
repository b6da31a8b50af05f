import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { evidenceSetting } from '../host/evidence-setting.ts';
import { stateFolder } from '../host/folders.ts';

/** Where runs of the store that is set are kept; undefined where none is set. @throws Error as `evidenceSetting` */
export function storeRunsFolder(): string | undefined {
  const setting = evidenceSetting();
  if (setting === undefined) return undefined;
  const { bucket, prefix, endpoint = '' } = setting;
  const name = createHash('sha256')
    .update(JSON.stringify([endpoint, bucket, prefix]))
    .digest('hex')
    .slice(0, 12);
  return join(stateFolder(), 'stored', name, 'groups');
}
