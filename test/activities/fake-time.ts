import { afterEach, beforeEach, vi } from 'vitest';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';

/** Gives each test of a file a state folder of its own, and time that passes only when the test lets it. */
export function fakeTime(): void {
  let home: TestHome;
  beforeEach(() => {
    home = testHome();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    home.close();
  });
}
