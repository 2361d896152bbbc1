const STACK = 'ecs-secret-redeploy-prod';

/**
 * The commands that README gives to operators. The end-to-end test runs exactly these lines, with `<…>` filled in, and
 * operator-commands.test.ts checks that README shows them.
 */
export const COMMANDS = {
  deployObserving: 'npx osls deploy --region eu-west-1 --param="mode=observe"',
  deployEnforcing: 'npx osls deploy --region eu-west-1 --param="mode=enforce"',
  remove: 'npx osls remove --region eu-west-1',
  deployElsewhere: 'npx osls deploy --region eu-central-1 --param="mode=observe"',
  removeElsewhere: 'npx osls remove --region eu-central-1',
  exclude: 'aws ecs tag-resource --resource-arn <service ARN> --tags key=secret-redeploy:enabled,value=false',
  includeAgain: 'aws ecs untag-resource --resource-arn <service ARN> --tag-keys secret-redeploy:enabled',
  stop: modeOfAll('observe'),
  goOn: modeOfAll('enforce'),
  redrive: `aws sqs start-message-move-task --source-arn "$(aws sqs get-queue-attributes --output text \\
  --attribute-names QueueArn --query Attributes.QueueArn --queue-url "$(aws sqs list-queues --output text \\
  --queue-name-prefix ${STACK}-ChangeDeadLetterQueue --query 'QueueUrls[0]')")"`,
  lookAtLost: `aws sqs receive-message --max-number-of-messages 10 --visibility-timeout 0 --query 'Messages[].Body' \\
  --queue-url "$(aws sqs list-queues --output text --queue-name-prefix ${STACK}-RuleDeadLetterQueue \\
  --query 'QueueUrls[0]')"`,
} as const;

/** Sets MODE in the environment of every function of the stack and keeps the other variables. */
function modeOfAll(mode: 'observe' | 'enforce'): string {
  return `for name in $(aws lambda list-functions --output text \\
  --query "Functions[?starts_with(FunctionName, '${STACK}-')].FunctionName"); do
  aws lambda update-function-configuration --function-name "$name" --query '[FunctionName, Environment.Variables.MODE]' \\
    --environment "$(aws lambda get-function-configuration --function-name "$name" --output json \\
      --query '{Variables: merge(Environment.Variables, {MODE: \`"${mode}"\`})}')"
done`;
}

/** The line with a value in the place of its `<…>`. */
export function filledIn(line: string, value: string): string {
  return line.replace(/<[^>]+>/, value);
}
