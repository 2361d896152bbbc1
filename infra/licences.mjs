import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a package names a licence and brings no text of it. `{holder}` stands for who holds the copyright. */
const STANDARD_TEXTS = fileURLToPath(new URL('licence-texts', import.meta.url));

/** What may be part of a bundle: licences that ask for no more than their text and a notice. SPDX identifiers. */
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
 * Throws with the name of every package whose licence is not allowed. Of an expression (`MIT OR GPL-3.0`) every part has to
 * be: which of them is chosen is for a person to decide.
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

/** `(MIT OR Apache-2.0)` → both. An exception (`… WITH …`) stays part of its licence, and so is not allowed. */
function partsOf(expression) {
  return String(expression)
    .split(/[()]|\s(?:AND|OR)\s/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/**
 * Which package is under which licence, then each licence's text and each NOTICE once: what the licences ask to be passed
 * on. Throws where a package brings no licence text and there is no standard one.
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
