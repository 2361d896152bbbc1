// What the stack has only if the events of other accounts or Regions count (docs/other-accounts.md): a part of serverless.yml or of a fragment
// each, which is empty while `trustedAccounts` and `trustedOrganization` are. Conditions of CloudFormation would leave all of it in the template
// of every stack. Read by osls, which requires CommonJS.

/** @typedef {{ resolveVariable: (name: string) => Promise<unknown> }} Osls */

const ACCOUNT = /^\d{12}$/;
const ORGANIZATION = /^o-[a-z0-9]{10,32}$/;

/** @param {Osls} osls */
async function accountsOf({ resolveVariable }) {
  const given = String(await resolveVariable('param:trustedAccounts'));
  const ids = given.split(',').map((id) => id.trim());
  if (given.trim() === '') return [];
  const wrong = ids.filter((id) => !ACCOUNT.test(id));
  if (wrong.length > 0)
    throw new Error(
      `trustedAccounts: expected ids of accounts, 12 digits each, in quotes and separated by commas, found ${JSON.stringify(wrong.join())}`,
    );
  return [...new Set(ids)];
}

/** @param {Osls} osls */
async function organizationOf({ resolveVariable }) {
  const id = String(await resolveVariable('param:trustedOrganization'));
  if (id !== '' && !ORGANIZATION.test(id))
    throw new Error(
      `trustedOrganization: expected the id of an organization, such as o-a1b2c3d4e5, found ${JSON.stringify(id)}`,
    );
  return id;
}

/** @param {Osls} osls */
async function trusts(osls) {
  const [accounts, organization] = await Promise.all([accountsOf(osls), organizationOf(osls)]);
  return accounts.length > 0 || organization !== '';
}

const ALARMS = [
  'trusted-dead-letters',
  'trusted-rule-dead-letters',
  'trusted-queue-age',
  'untrusted-accounts',
];
const arnOfAlarm = (/** @type {string} */ name) =>
  `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:\${self:service}-\${sls:stage}-${name}`;

const fragment = (/** @type {string} */ name) => `\${file(infra/${name}.yml)}`;

module.exports = {
  /** The bus, the queue, what stands between them, and who is told if it fails. */
  resources: async (/** @type {Osls} */ osls) => ((await trusts(osls)) ? fragment('other-accounts') : {}),

  /** What the listed accounts may do, and where their secrets may be described. */
  accounts: async (/** @type {Osls} */ osls) =>
    (await accountsOf(osls)).length > 0 ? fragment('trusted-accounts') : {},

  /** The same for every account of the organization. */
  organization: async (/** @type {Osls} */ osls) =>
    (await organizationOf(osls)) === '' ? {} : fragment('trusted-organization'),

  /** The variables by which on-change knows its second source of events, and the sweep whose secrets it may look at. */
  environment: async (/** @type {Osls} */ osls) =>
    (await trusts(osls))
      ? {
          TRUSTED_ACCOUNTS: (await accountsOf(osls)).join(','),
          TRUSTED_ORGANIZATION: await organizationOf(osls),
          TRUSTED_QUEUE_ARN: { 'Fn::GetAtt': ['TrustedQueue', 'Arn'] },
        }
      : {},

  /** Its alarms, as the dashboard names them. */
  alarms: async (/** @type {Osls} */ osls) => ((await trusts(osls)) ? ALARMS.map(arnOfAlarm) : []),

  /** The last row of the dashboard. */
  widgets: async (/** @type {Osls} */ osls) => ((await trusts(osls)) ? fragment('trusted-widgets') : []),

  /** The listed accounts as IAM names them. */
  principals: async (/** @type {Osls} */ osls) =>
    (await accountsOf(osls)).map((id) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:iam::${id}:root` })),

  /** The secrets of the listed accounts in this Region. */
  secrets: async (/** @type {Osls} */ osls) =>
    (await accountsOf(osls)).map((id) => ({
      'Fn::Sub': `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:${id}:secret:*`,
    })),
};
