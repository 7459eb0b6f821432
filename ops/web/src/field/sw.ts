// The service worker of the field page: keeps exactly the files of one version of the page, and answers for them without
// a network. Data of the unit never goes through it. A new version waits until the person uses it.

/** The addresses of the page and its files, and their version; written by the build. */
const FILES = "__FIELD_FILES__" as unknown as readonly string[];
const CACHE = "__FIELD_CACHE__";
const PAGE = "/field";

/** What this file uses of a service worker; the compiler knows the types of pages only. */
interface Lifetime extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchAsked extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface ServiceWorkerItself {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: Lifetime) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchAsked) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

const worker = self as unknown as ServiceWorkerItself;

worker.addEventListener("install", (event) => {
  const requests = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(removeOthers().then(() => worker.clients.claim()));
});

worker.addEventListener("message", ({ data }) => {
  if (data === "use") void worker.skipWaiting();
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !FILES.includes(pathname)) return;
  event.respondWith(kept(request, pathname));
});

async function kept(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path === PAGE ? PAGE : request)) ?? fetch(request);
}

async function removeOthers(): Promise<void> {
  const names = await caches.keys();
  const others = names.filter((name) => name.startsWith("watchline-field-") && name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
}
