/** One of AWS's prices in us-east-1, in US dollars. */
export type Price = {
  readonly usd: number;
  readonly per: string;
  /** Where AWS publishes it: look there before you rely on it. */
  readonly page: string;
  /** Where the figure was read, with the date of that source where it is known. */
  readonly read: string;
};

/** The first tier of each price. No free tier is deducted, because it belongs to the whole account. */
export const PRICES = {
  lambdaGbSecond: {
    usd: 0.0000133334,
    per: 'GB-second on arm64',
    page: 'https://aws.amazon.com/lambda/pricing/',
    read: 'cloudchipr.com, "AWS Lambda Pricing Breakdown: Ultimate Guide 2024"',
  },
  lambdaRequest: {
    usd: 0.2 / 1e6,
    per: 'request',
    page: 'https://aws.amazon.com/lambda/pricing/',
    read: 'git.mcrn.ar, "lambda-13-cost": table of requests and durations for x86_64 and arm64',
  },
  sqsRequest: {
    usd: 0.4 / 1e6,
    per: 'request of up to 64 KB, standard queue',
    page: 'https://aws.amazon.com/sqs/pricing/',
    read: 'cloudburn.io, "Amazon SQS Pricing: Complete Guide", 14 March 2026',
  },
  customEvent: {
    usd: 1 / 1e6,
    per: 'event of our own of up to 64 KB; the events of AWS services are free',
    page: 'https://aws.amazon.com/eventbridge/pricing/',
    read: 'cloudburn.io, "Amazon EventBridge Pricing: Complete Guide", 13 March 2026',
  },
  secretsManagerCall: {
    usd: 0.05 / 1e4,
    per: 'API call',
    page: 'https://aws.amazon.com/secrets-manager/pricing/',
    read: 'hivebook.wiki, "AWS Secrets Manager: rotated secrets"',
  },
  logGbIn: {
    usd: 0.5,
    per: 'GB written to CloudWatch Logs',
    page: 'https://aws.amazon.com/cloudwatch/pricing/',
    read: 'c3x.dev, "CloudWatch Logs cost optimization", June 2026',
  },
  logGbMonth: {
    usd: 0.03,
    per: 'GB and month kept, compressed (counted here as if it were not)',
    page: 'https://aws.amazon.com/cloudwatch/pricing/',
    read: 'c3x.dev, "CloudWatch Logs cost optimization", June 2026',
  },
  logGbScanned: {
    usd: 0.005,
    per: 'GB that a Logs Insights query reads',
    page: 'https://aws.amazon.com/cloudwatch/pricing/',
    read: 'c3x.dev, "CloudWatch Logs cost optimization", June 2026',
  },
  metric: {
    usd: 0.3,
    per: 'custom metric and month',
    page: 'https://aws.amazon.com/cloudwatch/pricing/',
    read: 'signoz.io, "CloudWatch Pricing Without the Confusion", 15 February 2026',
  },
  alarmMetric: {
    usd: 0.1,
    per: 'metric of an alarm and month, standard resolution',
    page: 'https://aws.amazon.com/cloudwatch/pricing/',
    read: 'factualminds.com, "Amazon CloudWatch Pricing: The 10 Billing Dimensions", 13 June 2026',
  },
  dashboard: {
    usd: 3,
    per: 'dashboard and month; the first three of an account are free',
    page: 'https://aws.amazon.com/cloudwatch/pricing/',
    read: 'factualminds.com, "Amazon CloudWatch Pricing: The 10 Billing Dimensions", 13 June 2026',
  },
} as const satisfies Readonly<Record<string, Price>>;
