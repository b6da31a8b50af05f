import { join } from 'node:path';
import { failedExecutionSentence, gateSentence } from '../../core/verdict/wording.ts';
import { writeTextFile } from '../host/atomic-file.ts';
import { secondOf } from '../../core/text/time.ts';
import { visible } from '../../core/text/visible.ts';
import type { Summary } from '../../core/verdict/summary-model.ts';

/**
 * Writes `junit.xml`: one test case for each gate and for each execution of a stage. A gate that failed is a failure. A gate
 * that is unmeasured is an error, or skipped if it allows that. A stage that the harness failed is an error.
 */
export function writeJunit(folder: string, summary: Summary): void {
  writeTextFile(join(folder, 'junit.xml'), junitXml(summary));
}

interface Case {
  readonly name: string;
  readonly className: string;
  readonly seconds: number;
  readonly outcome: 'passed' | 'failure' | 'error' | 'skipped';
  readonly message: string;
}

/** The text of `junit.xml`. */
export function junitXml(summary: Summary): string {
  const gates = summary.gates.map((result): Case => {
    const { windowStartMs, windowEndMs } = result.reading;
    return {
      name: result.gate,
      className: `${summary.profile}.gates`,
      seconds: Math.max(0, windowEndMs - windowStartMs) / 1000,
      outcome: outcomeOf(result.verdict, result.counts !== false),
      message: gateSentence(result),
    };
  });
  const stages = summary.stages.map((stage): Case => ({
    name: stage.execution === 1 ? stage.stage : `${stage.stage}, execution ${stage.execution}`,
    className: `${summary.profile}.stages`,
    seconds: stage.seconds,
    outcome: stageOutcome(stage),
    message: stage.failure === undefined ? '' : failedExecutionSentence({ ...stage, message: stage.failure }),
  }));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="belay" ${counts([...gates, ...stages])}>`,
    suite(`${summary.profile} gates`, summary, gates),
    suite(`${summary.profile} stages`, summary, stages),
    '</testsuites>',
    '',
  ].join('\n');
}

function outcomeOf(verdict: 'pass' | 'unmeasured' | 'fail', counts: boolean): Case['outcome'] {
  if (verdict === 'pass') return 'passed';
  if (!counts) return 'skipped';
  return verdict === 'fail' ? 'failure' : 'error';
}

function stageOutcome({ outcome, failureKind, healedBy }: Summary['stages'][number]): Case['outcome'] {
  if (outcome === 'succeeded' || healedBy !== undefined) return 'passed';
  if (outcome === 'failed') return failureKind === 'harness' || failureKind === 'target' ? 'error' : 'failure';
  return 'skipped';
}

function suite(name: string, summary: Summary, cases: readonly Case[]): string {
  const properties = [
    ['campaign', summary.runId],
    ['verdict', summary.verdict],
    ['specHash', summary.specHash],
  ].map(([key, value]) => `      <property name="${key}" value="${xml(value ?? '')}"/>`);
  return [
    `  <testsuite name="${xml(name)}" ${counts(cases)} timestamp="${secondOf(summary.startedAtMs)}">`,
    '    <properties>',
    ...properties,
    '    </properties>',
    ...cases.map(testCase),
    '  </testsuite>',
  ].join('\n');
}

function testCase({ name, className, seconds, outcome, message }: Case): string {
  const open = `    <testcase name="${xml(name)}" classname="${xml(className)}" time="${seconds.toFixed(3)}"`;
  if (outcome === 'passed') {
    return message === '' ? `${open}/>` : `${open}><system-out>${xml(message)}</system-out></testcase>`;
  }
  const body = outcome === 'skipped' ? '' : xml(message);
  return `${open}><${outcome} message="${xml(message)}">${body}</${outcome}></testcase>`;
}

function counts(cases: readonly Case[]): string {
  const count = (outcome: Case['outcome']): number => cases.filter((one) => one.outcome === outcome).length;
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`;
}

/** Text for XML 1.0: escaped, and without the control characters that it cannot hold. */
function xml(text: string): string {
  return visible(text)
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}
