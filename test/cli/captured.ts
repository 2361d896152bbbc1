import type { Simulator } from '../simulator/index.ts';
import { changed, HOUR, MINUTE } from './fleets.ts';

/** The command lines whose output is stored in captures/ and shown in docs/cli.md. */
export const CAPTURED = [
  'stale prod/db',
  'stale',
  'uses prod/db',
  'uses --service prod/api',
  'plan prod/db',
  'explain prod/reports prod/db',
  'stale prod/bd',
] as const;

/** Where the output of a command line is stored: `captures/stale-prod-db.80.txt`. */
export function captureOf(line: string, means: '80' | '200' | 'pipe'): string {
  return `captures/${line.replaceAll(/[^a-z]+/g, '-')}.${means}.txt`;
}

/** Instants differ from run to run; the replacement is as long as what it replaces. */
export function asStored(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\d/g, '2026-11-22').replaceAll(/\d\d:\d\d:\d\dZ/g, '03:10:00Z');
}

/** A small account at night: a password was rotated four hours ago, and its event was lost. */
export function night(sim: Simulator): void {
  const db = changed(sim, 'prod/db');
  const key = changed(sim, 'prod/payment-key', 30 * MINUTE);
  const service = (name: string, ago: number, more: Parameters<Simulator['world']['service']>[0] = {}) =>
    sim.world.service({ cluster: 'prod', name, secrets: [db.arn], startedAt: Date.now() - ago, ...more });
  service('api', 30 * HOUR, { secrets: [`${db.partialArn}:password::`, key.arn] });
  service('checkout', 6 * HOUR, {
    secrets: [db.name.replace('prod/', '/aws/reference/secretsmanager/prod/')],
  });
  service('worker', 30 * HOUR, { tags: { 'secret-redeploy:wave': '1' } });
  service('reports', 2 * HOUR);
  const taskSets = [{ running: 1, startedAt: Date.now() - 50 * HOUR }];
  service('legacy', 50 * HOUR, { controller: 'CODE_DEPLOY', taskSets });
  service('audit', 50 * HOUR, { secrets: [`${db.arn}:::${db.versionId}`] });
  service('night-batch', 50 * HOUR, { desired: 0 });
  service('search', 9 * HOUR, { tags: { 'secret-redeploy:enabled': 'false' } });
  service('mailer', 20 * MINUTE, { secrets: [key.arn] });
}
