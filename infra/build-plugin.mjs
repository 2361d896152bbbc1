// `osls package` and `osls deploy` bundle the functions first, so that the package contains the current functions/.
import { execFileSync } from 'node:child_process';

export default class BuildPlugin {
  constructor(serverless) {
    const build = () =>
      execFileSync(process.execPath, ['infra/build.mjs'], { cwd: serverless.serviceDir, stdio: 'inherit' });
    this.hooks = { 'before:package:createDeploymentArtifacts': build };
  }
}
