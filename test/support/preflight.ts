import { accessOfServices } from '../../functions/commands/access.ts';
import type { AccessReport, CheckedReference } from '../../functions/core/report/access-report.ts';
import type { Run } from '../../functions/pipeline/run.ts';
import { createClock, type Simulator, type SimulatorOptions } from '../simulator/index.ts';
import { named, quietRuns } from './quiet-runs.ts';
import { simulatedAccount } from './simulated.ts';

/** A simulated account, and the question whether roles can read, asked as the Lambdas and the terminal ask it. */
export type Preflight = {
  readonly sim: Simulator;
  /** Asks about services by `cluster/service`. Every call is a new run, unless `same` is given. */
  readonly ask: (services: readonly string[], same?: ReturnType<Preflight['run']>) => Promise<AccessReport>;
  readonly run: (reading?: AbortSignal) => Run;
};

export async function startPreflight(options: SimulatorOptions = {}): Promise<Preflight> {
  const clock = createClock();
  const sim = await simulatedAccount({ now: clock.now, ...options });
  const run = quietRuns(clock);
  return {
    sim,
    run,
    ask: (services, same = run()) => accessOfServices(services.map(named), same),
  };
}

/** What ECS's request brings besides what the simulation is given: nobody can know it beforehand. */
export type Unseen = Readonly<Record<string, readonly string[]>>;

/** The context of the request that ECS makes, as AWS fills it in. */
export function realContext(role: string, resource: string, action: string, unseen: Unseen): Unseen {
  const [, , service = '', region = '', account = ''] = resource.split(':');
  const [, , , , own = ''] = role.split(':');
  return {
    'aws:PrincipalArn': [role],
    'aws:PrincipalAccount': [own],
    'aws:PrincipalType': ['AssumedRole'],
    'aws:RequestedRegion': [region],
    'aws:ResourceAccount': [account],
    'aws:SecureTransport': ['true'],
    ...(service === 'kms' && { 'kms:CallerAccount': [own] }),
    ...(action === 'secretsmanager:GetSecretValue' && { 'secretsmanager:VersionStage': ['AWSCURRENT'] }),
    ...unseen,
  };
}

/** Whether the role can read what the reference names, in truth. */
export function canRead(
  sim: Simulator,
  { role, kind, arn }: CheckedReference,
  key: string | undefined,
  unseen: Unseen,
): boolean {
  if (role === null) return false;
  const action = kind === 'secret' ? 'secretsmanager:GetSecretValue' : 'ssm:GetParameters';
  const mayGet = sim.isAllowed({
    principal: role,
    action,
    resource: arn,
    context: realContext(role, arn, action, unseen),
  });
  if (key === undefined || !mayGet) return mayGet;
  const named = kind === 'secret' ? 'SecretARN' : 'PARAMETER_ARN';
  const store = kind === 'secret' ? 'secretsmanager' : 'ssm';
  return sim.isAllowed({
    principal: role,
    action: 'kms:Decrypt',
    resource: key,
    context: {
      ...realContext(role, key, 'kms:Decrypt', unseen),
      'kms:ViaService': [`${store}.${sim.region}.amazonaws.com`],
      [`kms:EncryptionContext:${named}`]: [arn],
      'kms:EncryptionAlgorithm': ['SYMMETRIC_DEFAULT'],
    },
  });
}
