// Validates the template that osls generates, and the one for other accounts, offline: always with AWS's own validator, and with cfn-lint if it is
// installed. Any finding, even a warning, leads to exit code 1. Hints are left out: most of them suggest tags.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { packageOffline } from './package-offline.mjs';

/** The default settings, and settings with every part that is left out by default. */
const SETTINGS = {
  default: [],
  bounded: [
    'permissionsBoundary=arn:aws:iam::aws:policy/PowerUserAccess',
    'redeployableTag=secret-redeploy:enabled=true',
  ],
  withSnapshot: ['snapshot=ENABLED'],
  withOtherAccounts: ['trustedAccounts=444455556666,777788889999', 'trustedOrganization=o-a1b2c3d4e5'],
};

/** A template of its own, for the accounts that own the secrets. */
const FORWARDER = 'infra/forwarder.yml';

const folder = await mkdtemp(join(tmpdir(), 'validate-'));
try {
  const findings = [];
  for (const [name, parameters] of Object.entries(SETTINGS)) {
    const artifacts = await packageOffline(join(folder, name), parameters);
    const template = join(artifacts, 'cloudformation-template-update-stack.json');
    findings.push(...withValidator(template), ...(await withCfnLint(template)));
  }
  findings.push(...withValidator(FORWARDER), ...(await withCfnLint(FORWARDER)));
  for (const finding of findings) console.error(finding);
  console.log(findings.length === 0 ? 'template: no findings' : `template: ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function withValidator(template) {
  const engine = new RegoEngine();
  try {
    const { diagnostics } = engine.validateStandard(new TemplateFile(template), { severityLevel: 'WARN' });
    console.log(`cloudformation-validate: ${diagnostics.length} findings`);
    return diagnostics.map(
      (found) => `cloudformation-validate ${found.severity} ${found.ruleId}: ${found.message}`,
    );
  } finally {
    engine.free();
  }
}

async function withCfnLint(template) {
  const { error, stdout } = await run('cfn-lint', ['--format', 'parseable', '--', template]);
  if (error?.code === 'ENOENT') {
    console.log('cfn-lint: skipped: not installed');
    return [];
  }
  const lines = stdout.split('\n').filter((line) => line !== '');
  // An error without findings means that cfn-lint could not check the template.
  if (error !== null && lines.length === 0) throw error;
  console.log(`cfn-lint: ${lines.length} findings`);
  return lines.map((line) => `cfn-lint ${line}`);
}

function run(command, args) {
  return new Promise((done) => execFile(command, args, (error, stdout) => done({ error, stdout })));
}
