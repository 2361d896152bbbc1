import { type Aws, principalOf } from '../aws.ts';
import { accessDenied } from '../errors.ts';
import { Context } from '../iam/conditions.ts';
import { evaluateResourcePolicy } from '../iam/evaluate.ts';
import type { Caller } from '../ledger.ts';
import { placeOf } from '../place.ts';

/**
 * The account that answers a question about a secret: a joined one, if the id is an ARN of it. The policy of the secret has to admit the
 * caller, whose own policies are not asked. Throws AccessDenied otherwise, also for a secret that does not exist there.
 */
export function owner(aws: Aws, id: string, operation: string, caller: Caller): Aws {
  if (!id.startsWith('arn:') || aws.secrets.byArn.has(id)) return aws;
  const { account, region } = placeOf(id);
  if (account === aws.place.account || region !== aws.place.region) return aws;
  const found = [...aws.others].find(
    ({ place }) => place.account === account && place.region === aws.place.region,
  );
  if (found === undefined) return aws;
  const action = `secretsmanager:${operation}`;
  const role = `arn:${aws.place.partition}:iam::${aws.place.account}:role/${caller.accessKeyId}`;
  const policies = [...found.iam.resourcePolicies].filter(([arn]) => arn === id || arn.slice(0, -7) === id);
  const isAdmitted = policies.some(([resource, document]) => {
    const context = new Context([
      ['aws:PrincipalArn', [role]],
      ['aws:PrincipalAccount', [aws.place.account]],
    ]);
    const { decision, leavesItToIam } = evaluateResourcePolicy(document, {
      principal: role,
      action,
      resource,
      context,
    });
    return decision === 'allowed' || (decision === 'implicitDeny' && leavesItToIam);
  });
  if (!isAdmitted) throw accessDenied(principalOf(aws.place, caller), action, id);
  return found;
}
