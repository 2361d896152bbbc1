import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The texts for packages that name a licence without its text. `{holder}` stands for the holder of the copyright. */
const STANDARD_TEXTS = fileURLToPath(new URL('licence-texts', import.meta.url));

/** The licences of code in a bundle, as SPDX identifiers: those that demand no more than their text and a notice. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
];

const NOTICE = /^notice/i;
const PASSED_ON = /^(licen[cs]e|copying|notice)(-\w+)?(\.(md|txt))?$/i;
const RULE = `\n\n${'-'.repeat(100)}\n\n`;

/**
 * Throws with the name of every package whose licence is not allowed. Of an expression (`MIT OR GPL-3.0`) every part
 * must be allowed, because the choice between the parts is a person's.
 */
export function refuseUnknownLicences(packages) {
  const refused = packages.filter(({ licence }) => !isAllowed(licence));
  if (refused.length === 0) return;
  const list = refused.map(
    ({ folder, version, licence }) => `${folder}@${version}: ${licence ?? 'none named'}`,
  );
  throw new Error(`these licences are not among those allowed (infra/licences.mjs):\n${list.join('\n')}`);
}

function isAllowed(licence) {
  const parts = partsOf(licence);
  return parts.length > 0 && parts.every((id) => ALLOWED.includes(id));
}

/** `(MIT OR Apache-2.0)` → both. An exception (`… WITH …`) stays part of its licence, which is then not allowed. */
function partsOf(expression) {
  return String(expression)
    .split(/[()]|\s(?:AND|OR)\s/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/**
 * The licence of each package, then each licence's text and each NOTICE once, as the licences demand. Throws if a
 * package has no licence text and there is no standard one.
 */
export async function thirdPartyNotice(packages) {
  const underText = new Map();
  for (const one of packages)
    for (const text of await textsOf(one))
      underText.set(text, [...(underText.get(text) ?? []), titleOf(one)]);
  const list = packages.map((one) => `${titleOf(one)}  ${one.licence}`);
  return [
    ['This bundle contains code of these packages:', ...list].join('\n'),
    ...[...underText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}`),
    '',
  ].join(RULE);
}

const titleOf = ({ name, version }) => `${name}@${version}`;

async function textsOf({ folder, name, licence, holder }) {
  const files = (await readdir(folder)).filter((file) => PASSED_ON.test(file)).sort();
  const texts = await Promise.all(
    files.map(async (file) => (await readFile(join(folder, file), 'utf8')).trim()),
  );
  if (files.some((file) => !NOTICE.test(file))) return texts;
  const standard = join(STANDARD_TEXTS, `${licence}.txt`);
  if (!existsSync(standard))
    throw new Error(`${name} brings no text of its licence, and ${standard} does not exist`);
  return [(await readFile(standard, 'utf8')).replace('{holder}', () => holder).trim(), ...texts];
}
