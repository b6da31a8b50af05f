import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { campaignName, campaignNameOfRun } from '../../../src/core/campaign/campaign-name.ts';

/** Safe as a folder's name and as the value of a Kubernetes label. */
const SAFE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

describe("a campaign's name", () => {
  test.for([
    ['dev-50-20261123T101500', 'dev-50-20261123T101500'],
    ['nightly-2026-11-23T02:00:00Z', 'nightly-2026-11-23T02-00-00Z'],
    ['nightly.2-dev-5k', 'nightly.2-dev-5k'],
    ['../../etc/passwd', 'etc-passwd'],
    ['..', 'campaign'],
    ['', 'campaign'],
    ['   ', 'campaign'],
    ['ümläut', 'ml-ut'],
    ['a whole sentence, typed.', 'a-whole-sentence--typed'],
    [`${'x'.repeat(62)}--tail`, 'x'.repeat(62)],
    ['a...b', 'a.b'],
    ['index.html', 'index-html'],
    ['profile-dev.HTML', 'profile-dev-HTML'],
    ['night.tmp', 'night-tmp'],
    ['a.tmp.html.b', 'a.tmp.html.b'],
  ])('of %j is %j', ([id, name]) => {
    expect(campaignName(id ?? '')).toBe(name);
  });

  test('is safe, short and stable for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.string({ unit: fc.constantFrom('.', '/', '-', 'a', '_', '\0', '😀'), maxLength: 90 }),
          fc.string({ unit: fc.constantFrom('.', 'html', 'tmp', 'TMP', '-', 'a'), maxLength: 40 }),
        ),
        (id) => {
          const name = campaignName(id);
          expect(name).toMatch(SAFE);
          expect(name).not.toContain('..');
          // Else the run would be hidden from lists, or its folder would be where a page of the site belongs.
          expect(name).not.toMatch(/\.(?:html|tmp)$/i);
          expect(campaignName(name)).toBe(name);
        },
      ),
    );
  });

  test('of a second run under the same id is another, as safe, and its own', () => {
    expect(campaignNameOfRun('dev-50', '0192f7c4-aaaa')).toBe('dev-50-0192f7c4');
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.uuid(), (id, runId) => {
        const name = campaignNameOfRun(id, runId);
        expect(name).toMatch(SAFE);
        expect(name.endsWith(`-${runId.slice(0, 8)}`)).toBe(true);
        expect(name).not.toBe(campaignName(id));
      }),
    );
  });
});
