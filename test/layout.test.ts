import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../src');

/** What each folder may import besides itself. `src/*.ts` stands for the files beside the folders. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  eventstore: ['domain'],
  projections: ['domain', 'eventstore'],
  policies: ['domain', 'eventstore', 'projections'],
  ingest: ['domain', 'eventstore'],
  api: ['domain', 'eventstore', 'projections', 'ingest', 'policies'],
  embedded: [],
  cli: ['domain', 'eventstore', 'projections', 'policies', 'ingest', 'api', 'embedded', 'demo', ''],
  demo: ['domain', 'ingest', ''],
  '': ['cli'],
};
/** The domain has no dependency at all: no package, not even Node's own modules. */
const WITHOUT_PACKAGES = new Set(['domain']);

const IMPORT = /^\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gmu;

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly specifier: string;
}

const folderOf = (file: string): string => {
  const parts = path.relative(root, file).split(path.sep);
  return parts.length > 1 ? (parts[0] ?? '') : '';
};

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => path.join(root, name));

const imports: readonly Import[] = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => ({
    file,
    folder: folderOf(file),
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
  })),
);

describe('the layout of src', () => {
  it('is known to this test, folder by folder', () => {
    expect(files.length).toBeGreaterThan(50);
    expect([...new Set(files.map((file) => folderOf(file)))].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  it('lets imports go one way only', () => {
    const wrong = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ file, folder, specifier }) => {
        const target = folderOf(path.resolve(path.dirname(file), specifier));
        return target !== folder && !(MAY_IMPORT[folder] ?? []).includes(target);
      })
      .map(({ file, specifier }) => `${path.relative(root, file)} imports ${specifier}`);
    expect(wrong).toEqual([]);
  });

  it('keeps the domain free of everything else', () => {
    const wrong = imports.filter(({ folder, specifier }) => WITHOUT_PACKAGES.has(folder) && !specifier.startsWith('.')).map(({ file, specifier }) => `${file}: ${specifier}`);
    expect(wrong).toEqual([]);
  });

  it('keeps clocks, randomness and input out of the domain', () => {
    const wrong = files
      .filter((file) => folderOf(file) === 'domain')
      .filter((file) => /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.|\bprocess\.|\bfetch\(|\bcrypto\./u.test(readFileSync(file, 'utf8')));
    expect(wrong).toEqual([]);
  });

  it('has no barrel files', () => {
    const barrels = files.filter((file) => {
      const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gmu, '').trim();
      return path.basename(file) === 'index.ts' || (text !== '' && text.split(/;\s*/u).filter(Boolean).every((part) => /^export\s+(?:type\s+)?(?:\*|\{)[\s\S]*from/u.test(part)));
    });
    expect(barrels).toEqual([]);
  });
});
