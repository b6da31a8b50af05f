import { parseQuantity } from '../model/quantity.ts';
import { RawDocument } from '../files/raw-document.ts';
import type { FileFormat } from '../model/file-format.ts';
import { SUBSTRATE_TYPE_NAMES, SUBSTRATE_TYPES } from '../model/substrate-types.ts';
import type { SubstrateTraits } from '../model/substrate-types.ts';
import type { Finding } from '../files/issues.ts';
import { valueAt } from '../files/issues.ts';
import type { Segment } from '../files/yaml-path.ts';
import { checkPrometheus } from './rules-prometheus.ts';

/** Contradictions in a substrate. */
export function substrateContradictions(root: unknown, format: FileFormat): readonly Finding[] {
  const raw = new RawDocument(root);
  const type = raw.text('type') ?? format.defaultSubstrateType;
  if (type === undefined && !raw.has('type'))
    raw.refuse(['type'], 'missing, it belongs at the top of the file', `one of ${SUBSTRATE_TYPE_NAMES.join(', ')}`);
  if (type !== undefined) checkSettings(raw, type);
  for (const resource of ['cpu', 'memory']) {
    const request = amountAt(root, ['kwokPod', 'requests', resource]);
    const limit = amountAt(root, ['kwokPod', 'limits', resource]);
    if (request !== undefined && limit !== undefined && request > limit) {
      raw.refuse(
        ['kwokPod', 'requests', resource],
        'above its limit',
        `at most ${String(valueAt(root, ['kwokPod', 'limits', resource]))}`,
      );
    }
  }
  const seen = new Set<unknown>();
  for (const [index, context] of raw.list('kubeconfig', 'contexts').entries()) {
    if (seen.size === seen.add(context).size)
      raw.refuse(['kubeconfig', 'contexts', index], 'a context twice', 'each context once');
  }
  checkPrometheus(raw);
  return raw.findings;
}

/** Each type has settings of its own, and those of no other type. */
function checkSettings(raw: RawDocument, type: string): void {
  for (const [of, traits] of Object.entries<SubstrateTraits>(SUBSTRATE_TYPES)) {
    const { settings, requiredSettings } = traits;
    if (type !== of) {
      if (raw.has(settings)) raw.refuse([settings], `has no meaning for type ${type}`, `only for type ${of}`);
    } else if (requiredSettings !== undefined && !raw.has(settings)) {
      raw.refuse([settings], 'missing, it belongs at the top of the file', `${requiredSettings}, for type ${of}`);
    }
  }
}

function amountAt(root: unknown, path: readonly Segment[]): number | undefined {
  const value = valueAt(root, path);
  return typeof value === 'string' || typeof value === 'number' ? parseQuantity(String(value)) : undefined;
}
