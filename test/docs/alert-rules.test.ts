import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';

const folder = join(repositoryFolder, 'deploy', 'prometheus');

test('every alert has a case in which it fires and one in which it does not', () => {
  const { groups } = parse(readFileSync(join(folder, 'belay-rules.yaml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[];
  };
  const { tests } = parse(readFileSync(join(folder, 'belay-rules.test.yaml'), 'utf8')) as {
    readonly tests: readonly {
      readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
    }[];
  };
  const cases = tests.flatMap(({ alert_rule_test: all }) => all);
  const of = (fires: boolean): readonly string[] =>
    cases.filter((one) => one.exp_alerts.length > 0 === fires).map(({ alertname }) => alertname);
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)).toSorted();
  expect([...new Set(of(true))].toSorted()).toEqual(alerts);
  expect([...new Set(of(false))].toSorted()).toEqual(alerts);
});
