// The shared worker: one for all pages of this browser, with one connection to the event stream.

import { pageName, readStream } from "./stream.ts";
import { StreamShare, type Post, type ToWorker } from "./stream_share.ts";

const name = pageName();
const share = new StreamShare((after, handlers, signal) => readStream(after, handlers, signal, name));

(globalThis as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0];
  if (port === undefined) return;
  const post: Post = (message) => port.postMessage(message);
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => share.hear(post, data);
};
