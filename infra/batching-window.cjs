// The stage parameter `batchingWindowSeconds`, held to what the visibility of the queues leaves. A message is invisible from the moment at
// which Lambda gathers it (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html), so window and time limit together
// may not exceed it. Read by osls, which requires CommonJS.
const VISIBILITY_S = 300;
const TIMEOUT_S = 270;

/** @param {{ resolveVariable: (name: string) => Promise<unknown> }} osls */
module.exports = async ({ resolveVariable }) => {
  const given = String(await resolveVariable('param:batchingWindowSeconds'));
  const most = VISIBILITY_S - TIMEOUT_S;
  const seconds = /^\d{1,3}$/.test(given) ? Number(given) : 0;
  if (seconds < 1 || seconds > most)
    throw new Error(
      `batchingWindowSeconds: expected a whole number from 1 to ${most}, found ${JSON.stringify(given)}`,
    );
  return seconds;
};
