import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundle } from '../support/bundles.ts';

/** What the code of a client contains, and no other code. */
const CLIENTS = ['SourcePolicyId', 'TrentService'] as const;

/** The files that are loaded with this one, without those that it imports later. */
function loadedWith(folder: string, file: string, known = new Set<string>()): ReadonlySet<string> {
  if (known.has(file)) return known;
  known.add(file);
  const code = readFileSync(join(folder, file), 'utf8');
  for (const [, name = ''] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g))
    loadedWith(folder, name, known);
  return known;
}

test.each(['on-change', 'on-request', 'on-schedule'] as const)(
  '%s loads the clients of IAM and KMS with the first call alone',
  async (name) => {
    const folder = dirname(fileURLToPath(await bundle(name)));
    const atStart = loadedWith(folder, 'index.mjs');
    const later = readdirSync(folder).filter((file) => file.endsWith('.mjs') && !atStart.has(file));
    const client = (file: string, text: string) =>
      readFileSync(join(folder, file), 'utf8').includes(`"${text}"`);
    for (const text of CLIENTS) {
      expect([...atStart].filter((file) => client(file, text))).toEqual([]);
      expect(later.filter((file) => client(file, text))).toHaveLength(1);
    }
  },
);
