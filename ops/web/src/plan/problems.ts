// What is wrong, by what it is about: an answer about one thing leaves what is stated about the others.

import { setText } from "../ui/dom.ts";

export class Problems {
  readonly #box: HTMLElement;
  readonly #stated = new Map<string, string>();

  constructor(box: HTMLElement) {
    this.#box = box;
  }

  /** States what is wrong with one thing; an empty text: nothing. */
  about(thing: string): (problem: string) => void {
    return (problem) => {
      this.#stated.set(thing, problem);
      const sentences = [...new Set(this.#stated.values())].filter((one) => one !== "");
      this.#box.hidden = sentences.length === 0;
      setText(this.#box, sentences.join(" "));
    };
  }
}
