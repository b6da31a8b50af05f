import { afterEach, expect, test, vi } from 'vitest';
import { externalUiUrl, uiLinks } from '../../../src/adapters/temporal/ui-links.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('links lead to the form with type and task queue filled in, and to the page of a workflow', () => {
  const links = uiLinks({ uiUrl: 'http://127.0.0.1:8233/', namespace: 'default' });
  expect(links?.start('campaign')).toBe(
    'http://127.0.0.1:8233/namespaces/default/workflows/start-workflow?taskQueue=belay&workflowType=campaign',
  );
  expect(links?.workflow('ladder/dev 50')).toBe('http://127.0.0.1:8233/namespaces/default/workflows/ladder%2Fdev%2050');
  expect(links?.workflow('c', 'run-1')).toBe('http://127.0.0.1:8233/namespaces/default/workflows/c/run-1');
});

test('where the UI is not known there are no links', () => {
  vi.stubEnv('BELAY_TEMPORAL_UI', '');
  expect(externalUiUrl('temporal.example.com:7233')).toBeUndefined();
  expect(uiLinks({ uiUrl: undefined, namespace: 'default' })).toBeUndefined();
});

test("Temporal Cloud's UI is known, and another's can be named", () => {
  vi.stubEnv('BELAY_TEMPORAL_UI', '');
  expect(externalUiUrl('prod.a1b2c.tmprl.cloud:7233')).toBe('https://cloud.temporal.io');
  expect(externalUiUrl('eu-west-1.aws.api.temporal.io:7233')).toBe('https://cloud.temporal.io');
  vi.stubEnv('BELAY_TEMPORAL_UI', 'https://ui.example.com');
  expect(externalUiUrl('temporal.example.com:7233')).toBe('https://ui.example.com');
});
