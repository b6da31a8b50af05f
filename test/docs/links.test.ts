import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...['docs', 'docs/reference'].flatMap((folder) =>
    readdirSync(join(repositoryFolder, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

/** Words that design and glossary have replaced. */
const RETIRED = /\b(?:told|whoever|nobody|somebody|stands|is had|to be had|ground)\b/i;

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(repositoryFolder, page), 'utf8');

  it('links to files and headings that exist', () => {
    const prose = text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '');
    const broken = [...prose.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].filter(
      ([, path = '', anchor]) => {
        const target = path === '' ? join(repositoryFolder, page) : join(repositoryFolder, dirname(page), path);
        return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
      },
    );
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it('names tests and sources that exist', () => {
    const named = [...text.matchAll(/`((?:test|src|docs|schemas|systems|tools)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    // A change that a page shows may create the file.
    const missing = named.filter(
      (path) => !existsSync(join(repositoryFolder, path)) && !text.includes(`+++ b/${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('has no retired word', () => {
    const lines = page.includes('/reference/') ? [] : text.split('\n');
    expect(lines.filter((line) => RETIRED.test(line))).toEqual([]);
  });
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
