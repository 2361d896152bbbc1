import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { homedir, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Signs } from '../core/credentials/place.ts';
import type { Environment } from '../core/credentials/settings.ts';

/** What this machine shows of itself. */
export async function readSigns(): Promise<Signs> {
  const [docker, podman, routes, vendor] = await Promise.all([
    exists('/.dockerenv'),
    exists('/run/.containerenv'),
    textOf('/proc/net/route'),
    textOf('/sys/class/dmi/id/sys_vendor'),
  ]);
  const interfaces = Object.entries(networkInterfaces());
  return {
    hasContainerFile: docker || podman,
    interfaces: interfaces
      .filter(([, all = []]) => all.some(({ internal }) => !internal))
      .map(([name]) => name),
    hasDefaultRoute: routes === undefined ? undefined : hasDefault(routes),
    isEc2: vendor?.trim() === 'Amazon EC2',
  };
}

/** The kernel's table of routes: interface, destination, gateway …, in hex. */
const hasDefault = (routes: string): boolean => /^\S+\t0{8}\t/m.test(routes);

/** The shared files that exist and cannot be read; for the SDK they are empty. */
export async function unreadableFiles(env: Environment): Promise<readonly string[]> {
  const folder = join(env['HOME'] || homedir(), '.aws');
  const paths = [
    env['AWS_CONFIG_FILE'] || join(folder, 'config'),
    env['AWS_SHARED_CREDENTIALS_FILE'] || join(folder, 'credentials'),
  ];
  const found = await Promise.all(paths.map(isUnreadable));
  return paths.filter((_, i) => found[i]);
}

async function isUnreadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
