// The stream of the national page, read again whenever it ends.

import { RequestFailed } from "../net/api.ts";
import { GrowingPause } from "../net/growing_pause.ts";
import { readEvents } from "../net/stream.ts";
import type { Message } from "../words/catalogue.ts";

export interface LinkHandlers {
  opened(): void;
  event(name: string, data: string): void;
  lost(problem: Message): void;
}

/** Follow the stream for good. */
export async function follow(handlers: LinkHandlers): Promise<void> {
  const pause = new GrowingPause();
  for (;;) {
    try {
      await readEvents(
        "/v1/nation/stream",
        null,
        {
          opened: () => undefined,
          heard: () => undefined,
          event(name, data) {
            if (name === "nation") {
              pause.reset();
              handlers.opened();
            }
            handlers.event(name, data);
          },
        },
        new AbortController().signal,
      );
    } catch (error) {
      handlers.lost(error instanceof RequestFailed ? error.problem : { id: "page-net-page", parameters: {} });
    }
    await pause.next();
  }
}
