import { expect, test } from 'vitest';
import { schedulePage, startPage, workflowPage, workflowsPage } from '../../../src/core/campaign/ui-pages.ts';

test('addresses in the UI survive any name, also within a link of Markdown', () => {
  expect(workflowsPage('default')).toBe('/namespaces/default/workflows');
  expect(workflowPage('team/a', 'x (1)')).toBe('/namespaces/team%2Fa/workflows/x%20%281%29');
  expect(workflowPage('default', 'x', 'run')).toBe('/namespaces/default/workflows/x/run');
  expect(schedulePage('team/a', 'belay-x (1)')).toBe('/namespaces/team%2Fa/schedules/belay-x%20%281%29');
  expect(startPage('default', 'belay', 'campaign')).toBe(
    '/namespaces/default/workflows/start-workflow?taskQueue=belay&workflowType=campaign',
  );
});
