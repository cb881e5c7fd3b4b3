export interface DebianPackage {
  package: string;
  provides: string;
  for: string;
}
export function missingPackages(list: string | URL): DebianPackage[];
export function runShowing(
  title: string,
  command: string,
  args: string[],
  environment?: NodeJS.ProcessEnv,
): Promise<void>;
export function installPackages(packages: DebianPackage[]): Promise<void>;
