/** The page's style: light and dark by the reader's own setting, one column on a phone, black on white on paper. */
export const STYLE = `
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1c2330; --soft: #556072; --grid: #d5dae2; --edge: #e1e5eb;
  --pass: #157347; --pass-back: #e3f4ea; --fail: #b42318; --fail-back: #fdeae8; --unmeasured: #8a5a00; --unmeasured-back: #fdf2d9;
  --info: #3f5f8a; --info-back: #e8eef7; --idle: #8792a2; --bar: #b42318; --breach: #b42318; --gap: #d9a441; --fault: #7a3fb0; --busy: #6b7280;
  --line-1: #2563c9; --line-2: #b1540c; --line-3: #15795b; --line-4: #8a3fa8; --line-5: #6b7280; --line-6: #a3174f; }
@media (prefers-color-scheme: dark) { :root {
  --page: #12161d; --card: #1a202a; --ink: #e6eaf0; --soft: #a3afc0; --grid: #38424f; --edge: #2b3440;
  --pass: #6fd49b; --pass-back: #14301f; --fail: #ff8f85; --fail-back: #3a1815; --unmeasured: #f0c05a; --unmeasured-back: #35280b;
  --info: #9dbdea; --info-back: #1b2a40; --idle: #788596; --bar: #ff8f85; --breach: #ff8f85; --gap: #b98a2e; --fault: #cfa3f5; --busy: #a3afc0;
  --line-1: #7db0ff; --line-2: #f2a65a; --line-3: #63d2a8; --line-4: #d29bf0; --line-5: #a3afc0; --line-6: #ff8fb5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
h1 { font-size: 1rem; font-weight: 600; margin: 0 0 .75rem; color: var(--soft); overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
h3 { font-size: .98rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .35rem 0; } ul { margin: .35rem 0; padding-left: 1.2rem; } li { margin: .2rem 0; overflow-wrap: anywhere; }
code, pre { font: .88em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--page); border: 1px solid var(--edge); border-radius: .4rem; padding: .6rem .75rem; white-space: pre-wrap; margin: .4rem 0; }
.soft { color: var(--soft); } .small { font-size: .88rem; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: .6rem; padding: .9rem 1rem; }
.banner { border-left: .5rem solid; padding: 1.1rem 1.25rem; }
.banner strong { display: block; font-size: clamp(2.2rem, 8vw, 3.4rem); line-height: 1.05; letter-spacing: -.01em; }
.banner p { font-size: 1.1rem; margin: .5rem 0 0; max-width: 60ch; overflow-wrap: anywhere; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .unmeasured { color: var(--unmeasured); } .info { color: var(--info); }
.banner p, .banner li { color: var(--ink); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 1.75rem; margin: 1rem 0 0; }
.facts div { min-width: 6rem; } .facts dt { color: var(--soft); font-size: .82rem; } .facts dd { margin: 0; overflow-wrap: anywhere; }
.badge { display: inline-block; border-radius: 1rem; padding: .05rem .6rem; font-size: .85rem; font-weight: 600; white-space: nowrap; }
.badge.pass { background: var(--pass-back); } .badge.fail { background: var(--fail-back); }
.badge.unmeasured { background: var(--unmeasured-back); } .badge.info { background: var(--info-back); }
table { border-collapse: collapse; width: 100%; font-size: .94rem; }
caption { text-align: left; color: var(--soft); font-size: .88rem; padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .7rem .5rem 0; border-bottom: 1px solid var(--edge); overflow-wrap: anywhere; }
thead th { white-space: nowrap; color: var(--soft); font-size: .82rem; font-weight: 600; } tbody th { font-weight: 600; min-width: 8.5rem; overflow-wrap: break-word; }
details.data tbody th, .data th { min-width: 0; }
tbody tr:last-child > * { border-bottom: 0; }
td.number, .whole { white-space: nowrap; } td.number { font-variant-numeric: tabular-nums; }
.room { display: block; width: 7.5rem; height: .5rem; border-radius: .25rem; background: var(--edge); overflow: hidden; margin-top: .35rem; }
.room i { display: block; height: 100%; background: var(--pass); } .room.over i { background: var(--fail); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20.5rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; } figure svg { display: block; width: 100%; height: auto; margin-top: .4rem; }
figcaption { display: flex; flex-wrap: wrap; gap: .2rem .75rem; align-items: baseline; justify-content: space-between; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem .9rem; list-style: none; padding: 0; font-size: .85rem; color: var(--soft); }
.legend i { display: inline-block; width: .9rem; height: .2rem; vertical-align: middle; margin-right: .35rem; border-radius: .1rem; }
.legend i.area { height: .7rem; opacity: .5; }
details { margin: .5rem 0; } summary { cursor: pointer; border-radius: .25rem; }
summary:focus-visible, a:focus-visible, .wide:focus-visible { outline: 2px solid var(--info); outline-offset: 2px; }
details.data summary { color: var(--soft); font-size: .85rem; padding: .25rem 0; } details.data table { font-size: .85rem; }
details.data th, details.data td { padding: .2rem .7rem .2rem 0; } .wide { overflow-x: auto; }
a { color: var(--info); }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media screen and (min-width: 60rem) { .stack td.small { min-width: 10.5rem; } }
@media screen and (max-width: 40rem) {
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack, .stack tbody, .stack tr, .stack th, .stack td, .stack caption { display: block; border: 0; padding: .1rem 0; }
  .stack tr { border-bottom: 1px solid var(--edge); padding: .7rem 0; } .stack tr:last-child { border-bottom: 0; }
  .stack td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); font-size: .85rem; }
  td.number { white-space: normal; } .room { width: 100%; } tbody th { min-width: 0; overflow-wrap: anywhere; }
}
@media print { :root { color-scheme: light;
  --page: #ffffff; --card: #ffffff; --ink: #000000; --soft: #333333; --grid: #b5b5b5; --edge: #b5b5b5;
  --pass: #0f5132; --pass-back: #ffffff; --fail: #8f1c13; --fail-back: #ffffff; --unmeasured: #6d4700; --unmeasured-back: #ffffff;
  --info: #2b4468; --info-back: #ffffff; --bar: #8f1c13; --breach: #8f1c13; --fault: #5a2a86; --busy: #6b7280;
  --line-1: #1b4b99; --line-2: #8a3f07; --line-3: #0e5a43; --line-4: #6b2d84; --line-5: #4b5260; --line-6: #7d103b; }
  body { font-size: 11pt; } main { max-width: none; padding: 0; } h2 { break-after: avoid; }
  .card, figure, tr { break-inside: avoid; } .card:has(> table) { break-inside: auto; } thead { display: table-header-group; }
  a { color: inherit; } .badge { border: 1px solid; } details.data { display: none; }
  details:not(.data)::details-content { content-visibility: visible; block-size: auto; } table .small { font-size: 8.5pt; }
  table, td.small { font-size: 9pt; } td.number, thead th { white-space: normal; } .badge { font-size: 8pt; white-space: normal; }
  td, thead th, .badge { overflow-wrap: break-word; } th, td { padding-right: .5rem; } .room { width: 4rem; }
  .grid { grid-template-columns: repeat(2, 1fr); } * { print-color-adjust: exact; } }
`;
