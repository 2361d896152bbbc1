import type { Session } from '../../runtime/connect-terminal.ts';

/** What was used: account, Region, profile, stage, stack, and the settings that are not the defaults. */
export function header(
  {
    account,
    region,
    profile,
    stack,
    config,
    hasWrongSettings,
  }: Pick<Session, 'account' | 'region' | 'profile' | 'stack' | 'config' | 'hasWrongSettings'>,
  { stage }: { readonly stage: string },
): string {
  const place = [account, region, ...(profile === undefined ? [] : [`profile ${profile}`]), `stage ${stage}`];
  if (stack === undefined) return [...place, 'no stack, so the default settings'].join(' · ');
  const used = hasWrongSettings ? ['its settings are wrong'] : [`mode ${config.mode}`, ...settings(config)];
  return [...place, `stack ${stack.name}`, ...used].join(' · ');
}

/** The settings that decide which services count. */
function settings({ policy, tagPrefix }: Session['config']): readonly string[] {
  const { clusters, select, pull, maxServices } = policy;
  return [
    ...(clusters.join() === '*' ? [] : [`clusters ${clusters.join()}`]),
    ...(select === 'all' ? [] : [`select ${select}`]),
    ...(pull === 'ignore' ? [] : [`pullCredentials ${pull}`]),
    ...(maxServices === 0 ? [] : [`maxServices ${maxServices}`]),
    ...(tagPrefix === 'secret-redeploy' ? [] : [`tagPrefix ${tagPrefix}`]),
  ];
}
