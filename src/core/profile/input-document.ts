import { isSafeName } from '../files/safe-name.ts';
import { valueAt } from '../files/issues.ts';
import { readYaml } from '../files/yaml-text.ts';

/**
 * A valid profile or catalogue as an object for the input of the workflow `campaign`, read exactly like the file. An input
 * has no file names, so a document without a name gets the name of its file.
 *
 * @param name name of the file without its folder and extension
 * @throws RangeError if the text is not a map in YAML: the caller has parsed it before
 */
export function inputDocument(text: string, name: string): unknown {
  const read = readYaml(text, name);
  if (!read.ok) throw new RangeError(`${name} was expected to be valid YAML`);
  const { raw } = read.source;
  if (typeof raw !== 'object' || raw === null) throw new RangeError(`${name} was expected to be a map`);
  const own = valueAt(raw, ['metadata', 'name']);
  if ((own !== undefined && own !== null && own !== '') || !isSafeName(name)) return raw;
  const metadata = valueAt(raw, ['metadata']);
  return { ...raw, metadata: { ...(typeof metadata === 'object' ? metadata : {}), name } };
}
