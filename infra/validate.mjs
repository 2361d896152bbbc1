// Validates what osls generates, offline: with AWS's own validator always, with cfn-lint where it is installed. Any
// finding, a warning too, ends it with exit code 1. Hints are left out: most of them say that something could have tags.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { packageOffline } from './package-offline.mjs';

/** As it comes, and with every part that is left out by default. */
const SETTINGS = {
  default: [],
  bounded: [
    'permissionsBoundary=arn:aws:iam::aws:policy/PowerUserAccess',
    'redeployableTag=secret-redeploy:enabled=true',
  ],
  withSnapshot: ['snapshot=ENABLED'],
};

const folder = await mkdtemp(join(tmpdir(), 'validate-'));
try {
  const findings = [];
  for (const [name, parameters] of Object.entries(SETTINGS)) {
    const artifacts = await packageOffline(join(folder, name), parameters);
    const template = join(artifacts, 'cloudformation-template-update-stack.json');
    findings.push(...withValidator(template), ...(await withCfnLint(template)));
  }
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
  // Neither clean nor findings: it did not get as far as to look.
  if (error !== null && lines.length === 0) throw error;
  console.log(`cfn-lint: ${lines.length} findings`);
  return lines.map((line) => `cfn-lint ${line}`);
}

function run(command, args) {
  return new Promise((done) => execFile(command, args, (error, stdout) => done({ error, stdout })));
}
