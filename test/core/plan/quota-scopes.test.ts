import { expect, test } from 'vitest';
import { countsPod, type QuotaScopes, type ScopedPod } from '../../../src/core/plan/quota-scopes.ts';

const pod = (spec: object = {}): ScopedPod => ({
  spec: { containers: [{ resources: { requests: { cpu: '1' } } }], ...spec },
});
const selector = (
  scopeName: string,
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
  values?: readonly string[],
): QuotaScopes => ({
  scopeSelector: { matchExpressions: [{ scopeName, operator, ...(values === undefined ? {} : { values }) }] },
});
const HIGH = { priorityClassName: 'high' };

test.each<readonly [what: string, quota: QuotaScopes, pod: ScopedPod, counts: boolean]>([
  ['no scope', {}, pod(), true],
  ['no scope, as null', { scopes: null, scopeSelector: null }, pod(), true],
  ['Pods without requests', { scopes: ['BestEffort'] }, pod(), false],
  ['Pods without requests', { scopes: ['BestEffort'] }, pod({ containers: [{}, { resources: { limits: {} } }] }), true],
  ['Pods with requests', { scopes: ['NotBestEffort'] }, pod(), true],
  ['Pods with an end', { scopes: ['Terminating'] }, pod(), false],
  ['Pods without an end', { scopes: ['NotTerminating', 'NotBestEffort'] }, pod(), true],
  ['Pods without an end', { scopes: ['NotTerminating'] }, pod({ activeDeadlineSeconds: 5 }), false],
  ['one of two scopes', { scopes: ['NotTerminating', 'BestEffort'] }, pod(), false],
  ['another priority', selector('PriorityClass', 'In', ['high']), pod(), false],
  ['this priority', selector('PriorityClass', 'In', ['low', 'high']), pod(HIGH), true],
  ['no other priority', selector('PriorityClass', 'NotIn', ['high']), pod(), true],
  ['no such priority', selector('PriorityClass', 'NotIn', ['high']), pod(HIGH), false],
  ['any priority', selector('PriorityClass', 'Exists'), pod(), false],
  ['any priority', { scopes: ['PriorityClass'] }, pod(HIGH), true],
  ['no priority', selector('PriorityClass', 'DoesNotExist'), pod(), true],
  ['an end, by a selector', selector('Terminating', 'Exists'), pod(), false],
  ['a scope of a later version', { scopes: ['Other'] }, pod(), false],
  ...['constructor', 'toString', '__proto__'].map((scope) => [scope, { scopes: [scope] }, pod(), false] as const),
  ['a scope of a later version, inverted', selector('Other', 'DoesNotExist'), pod(), false],
])('a quota for %s: %j', (_what, quota, each, counts) => {
  expect(countsPod(quota, each)).toBe(counts);
});
