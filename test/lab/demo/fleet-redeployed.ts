import { inCluster, type Member, uses } from './member.ts';
import { PARAMETER_ARN, PARAMETER_NAME, SECRET_ARN, SECRET_NAME, SECRET_PARTIAL_ARN } from './resources.ts';

const shop = inCluster('shop', 'redeployed');
const backOffice = inCluster('back-office', 'redeployed');
const wave = (number: number) => ({ tags: { 'secret-redeploy:wave': String(number) } });

/**
 * Every way in which a service can refer to what changes (functions/README.md, References). Each of these services must
 * be redeployed once.
 */
export const REDEPLOYED: readonly Member[] = [
  shop('web', 'the secret by its full ARN', {
    revisions: uses(SECRET_ARN),
    service: { desired: 4, maximumPercent: 125, rollout: { durationMs: 4000 } },
  }),
  shop('api', 'the secret by an ARN without its suffix', {
    revisions: uses(SECRET_PARTIAL_ARN),
    service: { desired: 3, maximumPercent: 134, rollout: { durationMs: 3000 } },
  }),
  shop('cart', "one key of the secret's JSON", {
    revisions: uses(`${SECRET_ARN}:password::`),
    service: { desired: 2 },
  }),
  shop('checkout', 'both secret and parameter: one redeploy for both', {
    revisions: uses(`${SECRET_ARN}::AWSCURRENT:`, PARAMETER_ARN),
    service: { desired: 3, maximumPercent: 134, rollout: { durationMs: 2400 } },
  }),
  shop('search', 'the parameter by its name', { revisions: uses(PARAMETER_NAME), service: { desired: 2 } }),
  shop('login', 'the parameter by its ARN', {
    revisions: uses(PARAMETER_ARN),
    service: { desired: 2, maximumPercent: 150, rollout: { durationMs: 3600 } },
  }),
  shop('prices', 'the secret through Parameter Store', {
    revisions: uses(`/aws/reference/secretsmanager/${SECRET_NAME}`),
  }),
  shop('reviews', 'AWSPREVIOUS, which moves with AWSCURRENT', {
    revisions: uses(`${SECRET_ARN}::AWSPREVIOUS:`),
  }),
  shop('mailer', 'the secret, in its log configuration', { revisions: [{ logSecrets: [SECRET_ARN] }] }),
  shop('edge', 'the secret, in its Service Connect log', {
    revisions: [{}],
    service: { desired: 2, serviceConnectSecrets: [SECRET_ARN] },
  }),
  shop('gateway', 'the secret, from an Express service', {
    revisions: uses(SECRET_ARN),
    service: { express: true, rollout: { durationMs: 1200, bakeMs: 1500 } },
  }),
  shop('payments', 'the secret, deployed blue/green', {
    revisions: uses(SECRET_ARN),
    service: { strategy: 'BLUE_GREEN', desired: 2, rollout: { durationMs: 1200, bakeMs: 2000 } },
  }),
  shop('agent', 'the secret, on every host (DAEMON)', {
    revisions: uses(SECRET_ARN),
    service: { daemon: true, desired: 3, minimumHealthyPercent: 60, rollout: { durationMs: 3300 } },
  }),
  backOffice('importer', 'reads the secret itself, named in its also tag', {
    revisions: [{}],
    readsItself: true,
    service: { tags: { 'secret-redeploy:also': SECRET_NAME } },
  }),
  backOffice('files', 'the secret, to mount an FSx share', { revisions: [{ fsxCredentials: [SECRET_ARN] }] }),
  backOffice('desktop', 'the parameter, as gMSA credential spec', {
    revisions: [{ credentialSpecs: [`credentialspec:${PARAMETER_ARN}`] }],
  }),
  backOffice('ledger', 'the same in its old place; old service ARN', {
    revisions: [{ dockerSecurityOptions: [`credentialspecdomainless:${PARAMETER_ARN}`] }],
    service: { oldArn: true },
  }),
  backOffice('invoices', 'the secret; after its cooldown: CI had just deployed it', {
    revisions: uses(SECRET_ARN),
    service: { desired: 2, rollout: { durationMs: 300, drainMs: 0 } },
    ci: 'before',
  }),
  backOffice('shipping', 'the secret; once its running blue/green deployment ends', {
    revisions: uses(SECRET_ARN),
    service: {
      strategy: 'BLUE_GREEN',
      desired: 2,
      running: 0,
      older: [{ running: 2 }],
      rollout: { durationMs: 500, bakeMs: 4000 },
    },
  }),
  backOffice('canary', 'the parameter, in wave 0, the default', {
    revisions: uses(PARAMETER_ARN),
    service: wave(0),
  }),
  backOffice('phonebook', 'the parameter, in wave 1: once all of wave 0 are fresh', {
    revisions: uses(PARAMETER_ARN),
    service: { desired: 2, ...wave(1) },
  }),
  backOffice('badges', 'the parameter, in wave 1: once all of wave 0 are fresh', {
    revisions: uses(PARAMETER_ARN),
    service: wave(1),
  }),
];
