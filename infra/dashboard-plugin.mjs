// CloudFormation expects the body of a dashboard as one string of JSON. infra/dashboard.yml has it as readable YAML.
// This plugin converts it to that string, in which `${LogicalId}` and `${LogicalId.Arn}` are resources of the stack, as
// in any Fn::Sub.
export default class DashboardPlugin {
  constructor(serverless) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { Resources } = serverless.service.provider.compiledCloudFormationTemplate;
        for (const { Type, Properties } of Object.values(Resources)) {
          if (Type === 'AWS::CloudWatch::Dashboard')
            Properties.DashboardBody = {
              'Fn::Sub': JSON.stringify(withoutInnerLists(Properties.DashboardBody)),
            };
        }
      },
    };
  }
}

// A variable can only stand for one item, so a part that some stacks do not have is a list of its own, which may be empty.
function withoutInnerLists(body) {
  const widgets = body.widgets.flat().map((widget) => {
    const { alarms } = widget.properties;
    return alarms === undefined
      ? widget
      : { ...widget, properties: { ...widget.properties, alarms: alarms.flat() } };
  });
  return { ...body, widgets };
}
