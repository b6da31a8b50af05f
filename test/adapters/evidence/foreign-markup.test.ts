import { describe, expect, it } from 'vitest';
import { foreignMarkup } from '../../../src/adapters/evidence/report/foreign-markup.ts';

function page(markup: string): Buffer {
  return Buffer.from(`<!doctype html>
<html lang="en"><head><meta charset="utf-8" /><style>p { color: var(--a) } @media print { p { color: red } }</style></head>
<body><main>${markup}</main></body></html>`);
}

describe('a page that is a report of Belay', () => {
  it.each([
    '',
    'plain text with > and &lt;script&gt; and "quotes", a = b',
    '<p class="soft small">x</p><br /><details open><summary id="a">b</summary></details>',
    '<svg role="img" aria-labelledby="a b" viewBox="0 0 1 1"><g clip-path="url(#a)"><path d="M0 0" fill="var(--bar)" /></g></svg>',
    '<i style="background:var(--line-1)"></i><text style="font-size:13px;font-family:system-ui, sans-serif">é\u2028\u202F</text>',
    '<div\n  role="region"\n  tabindex="0">x</div>',
  ])('may have %j', (markup) => {
    expect(foreignMarkup(page(markup))).toBeUndefined();
  });

  it.each([
    '<script>alert(1)</script>',
    '<ScRiPt src=x>',
    '<img src="x">',
    '<p onclick="x">',
    '<p title="a"onclick="x">',
    '<p title="a" onclick="x">',
    '<p/onclick="x">',
    "<p title='a' onclick='x'>",
    '<p title=a onclick=x>',
    '<svg onload="x">',
    '<a href="javascript:x">',
    '<use xlink:href="x">',
    '<set attributeName="x">',
    '<foreignObject>',
    '<iframe srcdoc="x">',
    '<object data="x">',
    '<form action="x">',
    '<base href="x">',
    '<link rel="stylesheet">',
    '<meta http-equiv="refresh" content="0">',
    '<noscript>',
    '<template>',
    '<plaintext>',
    '<!-- x -->',
    '<![CDATA[x]]>',
    '<?x ?>',
    '<',
    '< p>',
    '<p',
    '<style>@import "x";</style>',
    '<style>p { background: url(https://x.example) }</style>',
    String.raw`<style>p { background: u\72l(https://x.example) }</style>`,
    '<style>p { background: image-set("x") }</style>',
    '<style media="all">p {}</style>',
    '<style><p title="</style><script>x</script>"></style>',
    '<p style="background: URL(https://x.example)">',
    '<p style="background: u&#114;l(https://x.example)">',
    String.raw`<p style="background: u\72l(https://x.example)">`,
    '<path fill="url(https://x.example#a)">',
    '<title><p title="</title><script>x</script>">',
    '<p title="\u001B$B">',
    '<body\u000Conload="x">',
    '\0',
  ])('has no %j', (markup) => {
    expect(foreignMarkup(page(markup))).toBeDefined();
  });

  it('is UTF-8, and begins as one', () => {
    expect(foreignMarkup(Buffer.from([0x3c, 0x70, 0x3e, 0xff]))).toBe('bytes that are not UTF-8');
    expect(foreignMarkup(Buffer.from('<p>', 'utf16le'))).toBe('control characters');
    expect(foreignMarkup(Buffer.from('x<!doctype html>'))).toBe('"<!doctype html>"');
  });

  it('is recognized in a time that grows with its length only', () => {
    const count = 50_000;
    for (const hostile of [' title', ' title="a"', '<style>', '<p style="', '(', '@media', ' '])
      for (const before of ['<p', '<style>', '<p style="', ''])
        expect(typeof foreignMarkup(Buffer.from(before + hostile.repeat(count)))).toMatch(/string|undefined/);
  });
});
