/** Whether a name is selected by a list of globs (`*` any run, `?` one character; `!glob` excludes). */
export function selects(globs: readonly string[], name: string): boolean {
  const excluded = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const included = globs.filter((glob) => !glob.startsWith('!'));
  const isIncluded = included.length === 0 || included.some((glob) => matchesGlob(glob, name));
  return isIncluded && !excluded.some((glob) => matchesGlob(glob, name));
}

/** Takes time proportional to the product of both lengths for every pattern, because users write the globs. */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < text.length; ) {
    if (glob[at] === '*') {
      star = at++;
      resume = i;
    } else if (glob[at] === '?' || glob[at] === text[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (glob[at] === '*') at++;
  return at === glob.length;
}
