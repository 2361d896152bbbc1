import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const NAMES = ['on-change', 'on-request', 'on-schedule'] as const;
export type BundleName = (typeof NAMES)[number];

/** The built terminal, in the same copy. */
export async function terminalBundle(): Promise<string> {
  copy ??= copied(process.env['E2E_DIST'] ?? resolve('dist'));
  return join(await copy, 'cli', 'index.mjs');
}

let copy: Promise<string> | undefined;

/** The address of a built bundle, in a copy that no later build changes. */
export async function bundle(name: BundleName): Promise<string> {
  copy ??= copied(process.env['E2E_DIST'] ?? resolve('dist'));
  return pathToFileURL(join(await copy, name, 'index.mjs')).href;
}

async function copied(dist: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-dist-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      cpSync(dist, folder, { recursive: true });
    } catch {
      // A build is running; a later attempt finds it complete.
    }
    if (NAMES.every((name) => existsSync(join(folder, name, 'index.mjs')))) return folder;
    await sleep(250);
  }
  throw new Error(`looked for the bundles in ${dist} and found none: run "npm run build" first`);
}
