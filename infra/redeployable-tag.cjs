// The condition under which IAM lets the roles redeploy a service, made from the stage parameter `redeployableTag`: IAM wants the
// tag's key within the key of its condition, where YAML takes no variable. Read by osls, which requires CommonJS.
/** @param {{ resolveVariable: (name: string) => Promise<string> }} osls */
module.exports = async ({ resolveVariable }) => {
  const tag = await resolveVariable('param:redeployableTag');
  if (tag === '') return { Ref: 'AWS::NoValue' };
  const [, key, value] = /^([^=]+)=(.*)$/.exec(tag) ?? [];
  if (key === undefined) throw new Error(`redeployableTag: expected key=value, found ${JSON.stringify(tag)}`);
  return { StringEquals: { [`aws:ResourceTag/${key}`]: value } };
};
