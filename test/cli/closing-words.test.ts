import { expect, test } from 'vitest';
import { closingWords } from '../../src/cli/closing-words.ts';
import type { CampaignResult, GateLine } from '../../src/core/campaign/stage-io.ts';

const GATE = { informational: false, value: null, unit: '', headroom: null, message: '' };
const GATES: readonly GateLine[] = [
  { ...GATE, gate: 'podBindP99', verdict: 'pass', value: 1 },
  { ...GATE, gate: 'schedulerErrors', verdict: 'unmeasured' },
  { ...GATE, gate: 'shown', verdict: 'unmeasured', informational: true },
];

function wordsOf(again: string): string {
  const result = { campaign: 'c', reasons: [], gates: GATES, leftovers: [] } as unknown as CampaignResult;
  const end = { end: 'unmeasured', result, status: undefined, message: '' } as const;
  return closingWords(end, { workflowId: 'c', pageUrl: undefined, stackStays: false, again });
}

test('a borrowed cluster that cannot show a gate: the command that leaves it out', () => {
  expect(wordsOf('./belay run rung-10 --context staging')).toMatch(
    /\n +\.\/belay run rung-10 --context staging --set gates\.schedulerErrors\.unmeasured=allow$/,
  );
});

test('what is left out already is not named twice: a field is changed once', () => {
  const again = './belay run rung-10 --context staging --set gates.schedulerErrors.unmeasured=allow';
  expect(wordsOf(again)).not.toContain('or        ');
});

test('what a cluster says begins no line of the closing words', () => {
  const said = 'refused:\nverdict  PASS';
  const result = { campaign: 'c', reasons: [said], gates: [], leftovers: [said], changes: [said] };
  const end = { end: 'fail', result: result as unknown as CampaignResult, status: undefined, message: said } as const;
  const words = closingWords(end, { workflowId: 'c', pageUrl: undefined, stackStays: false, again: 'x' });
  expect(words.match(/^ *verdict/gm)).toHaveLength(5);
  expect(words.match(/^ {0,3}verdict/gm)).toHaveLength(1);
});

test('a cluster of Belay’s own has to show every gate', () => {
  expect(wordsOf('./belay run rung-10')).not.toContain('unmeasured=allow');
});
