import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');

describe('what the README shows', () => {
  it('is GraphQL that the schema answers', () => {
    const schema = buildSchema(readFileSync(path.join(root, 'src/api/schema.graphql'), 'utf8'));
    const blocks = [...readme.matchAll(/```graphql\n([\s\S]*?)```/gu)].map(([, block = '']) => block);
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks.flatMap((block) => validate(schema, parse(block))).map(({ message }) => message)).toEqual([]);
  });

  it('are files that are there', () => {
    const links = [...readme.matchAll(/\]\(((?!https?:)[^)#]+)\)/gu)].map(([, link = '']) => link);
    const examples = [...readme.matchAll(/\bexamples\/\S+/gu)].map(([name]) => name);
    expect([...links, ...examples].filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  });
});
