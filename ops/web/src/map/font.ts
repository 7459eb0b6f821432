// The font of the map's labels: that of the page, drawn locally; scripts that it lacks by the fonts of the machine.

const FAMILY = "IBM Plex Sans";
export const FONT = [FAMILY, "sans-serif"];
/** One letter of each file of the font: Latin, extended Latin, Cyrillic. */
const SCRIPTS = ["A", "ż", "Ж"];
const LONGEST_MS = 2000;

/** Resolves once the font can be drawn: letters that are drawn before would keep the look of another font. */
export async function fontLoaded(): Promise<void> {
  const files = SCRIPTS.map((letter) => document.fonts.load(`16px "${FAMILY}"`, letter));
  await Promise.race([Promise.allSettled(files), new Promise((resolve) => setTimeout(resolve, LONGEST_MS))]);
}
