import { describe, expect, it } from 'vitest';
import { touches, touchingGap } from '../../../src/core/gates/gaps.ts';
import { gateWindow } from '../../../src/core/gates/window.ts';

const EVERY = ['apiserver', 'etcd', 'scheduler', 'controller-manager', 'kwok', 'karpenter', 'belay-worker'];

describe('touches', () => {
  it.each([
    ['prometheus', EVERY],
    ['etcd', EVERY],
    ['kube-apiserver', EVERY],
    ['apiserver', EVERY],
    ['kube-scheduler', ['scheduler', 'controller-manager', 'kwok', 'karpenter', 'belay-worker']],
    ['kube-controller-manager', ['scheduler', 'controller-manager', 'kwok', 'karpenter', 'belay-worker']],
    ['kwok-controller', ['scheduler', 'controller-manager', 'kwok', 'karpenter', 'belay-worker']],
    ['karpenter', ['karpenter', 'belay-worker']],
    ['somebody-new', ['karpenter', 'belay-worker']],
  ])('the death of %s touches %j', (component, jobs) => {
    expect(EVERY.filter((job) => touches(component, job))).toEqual(jobs);
  });
});

describe('touchingGap', () => {
  const window = { startMs: 100, endMs: 200 };
  it.each([
    ['before the window', 0, 99, false],
    ['up to its start', 0, 100, true],
    ['within it', 120, 130, true],
    ['around it', 0, 300, true],
    ['from its end on', 200, 300, true],
    ['after it', 201, 300, false],
    ['open, begun before', 50, null, true],
    ['open, begun after', 201, null, false],
  ])('a gap %s', (_, startMs, endMs, touched) => {
    const gap = { startMs, endMs, component: 'etcd' };
    expect(touchingGap([gap], window, ['etcd']) !== undefined).toBe(touched);
  });

  it('touches a gate of which no job is known, and one with any job that is touched', () => {
    const gap = { startMs: 120, endMs: 130, component: 'karpenter' };
    expect(touchingGap([gap], window, [])).toBe(gap);
    expect(touchingGap([gap], window, ['etcd', 'karpenter'])).toBe(gap);
    expect(touchingGap([gap], window, ['etcd'])).toBeUndefined();
  });
});

describe('gateWindow', () => {
  const soak = { settleEndMs: 5_000, nowMs: 20_000 };
  it.each([
    ['soak' as const, 20_000, 5_000],
    ['soak' as const, 3_000, 3_000],
    [10_000, 20_000, 10_000],
    [60_000, 20_000, 5_000],
    [60_000, 3_000, 3_000],
  ])('%s at %d starts at %d', (windowMs, nowMs, startMs) => {
    expect(gateWindow({ windowMs }, { ...soak, soakEndMs: 50_000, nowMs })).toEqual({ startMs, endMs: nowMs });
  });

  it('ends with the soak, at whatever moment it is asked for', () => {
    const late = { ...soak, soakEndMs: 50_000, nowMs: 90_000 };
    expect(gateWindow({ windowMs: 'soak' }, late)).toEqual({ startMs: 5_000, endMs: 50_000 });
    expect(gateWindow({ windowMs: 10_000 }, late)).toEqual({ startMs: 40_000, endMs: 50_000 });
  });
});
