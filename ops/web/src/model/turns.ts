// Things that lie at one place on the screen are taken in turns.

/** What comes after `last` in what is found at a place; the first, where `last` is not (or no longer) there. */
export function following(found: readonly string[], last: string | null): string | null {
  return found[(last === null ? 0 : found.indexOf(last) + 1) % Math.max(found.length, 1)] ?? null;
}
