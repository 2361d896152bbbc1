import { readFile } from 'node:fs/promises';
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

/**
 * The software bill of materials of the whole service, CycloneDX 1.6 as JSON: the service, its bundles, and for every
 * package in them the name, version, licence, package URL and the SHA-512 of its archive in the registry.
 * `dependencies` lists the packages of each bundle and the imports of each package. The bill has no timestamp, so that
 * the same sources give the same bytes, unless SOURCE_DATE_EPOCH is set (Unix seconds, reproducible-builds.org).
 */
export async function billOfMaterials(bundles) {
  const service = componentOf(JSON.parse(await readFile('package.json', 'utf8')));
  const packages = new Map(bundles.flatMap((bundle) => bundle.packages.map((one) => [one.folder, one])));
  const components = new Map([...packages].map(([folder, one]) => [folder, libraryOf(one)]));
  for (const { folder, imports } of bundles.flatMap((bundle) => bundle.packages))
    link(components.get(folder), imports, components);
  for (const bundle of bundles) {
    const component = new Models.Component(Enums.ComponentType.Application, bundle.name, {
      bomRef: bundle.name,
    });
    const folders = bundle.packages.map(({ folder }) => folder);
    link(component, folders, components);
    service.components.add(component);
    service.dependencies.add(component.bomRef);
  }
  const metadata = new Models.Metadata({ component: service, ...timestamp() });
  const bom = new Models.Bom({ metadata, components: new Models.ComponentRepository(components.values()) });
  const normalize = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(normalize).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function componentOf({ name, version, license }) {
  return new Models.Component(Enums.ComponentType.Application, name, {
    bomRef: name,
    version,
    licenses: licences(license),
  });
}

function libraryOf({ folder, name, version, licence, sha512 }) {
  const [group, bare] = name.includes('/') ? name.split('/') : [undefined, name];
  return new Models.Component(Enums.ComponentType.Library, bare, {
    // Two versions of a package, or one version installed twice, are two components.
    bomRef: folder,
    ...(group === undefined ? {} : { group }),
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: licences(licence),
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-512'], sha512]]),
  });
}

function licences(expression) {
  const isOne = /^[\w.+-]+$/.test(expression);
  return new Models.LicenseRepository([
    isOne ? new Models.SpdxLicense(expression) : new Models.LicenseExpression(expression),
  ]);
}

function link(component, folders, components) {
  for (const folder of folders) component.dependencies.add(components.get(folder).bomRef);
}

function timestamp() {
  const { SOURCE_DATE_EPOCH: seconds } = process.env;
  return seconds === undefined ? {} : { timestamp: new Date(Number(seconds) * 1000) };
}
