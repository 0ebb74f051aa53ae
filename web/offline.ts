/**
 * The service worker: keeps the page's files, so that the page works without a connection after its first load. It also
 * isolates the page from other origins where its server does not, so that WebAssembly has threads from the second load on.
 */

interface ExtendableEvent extends Event {
  waitUntil(done: Promise<unknown>): void;
}

interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

declare function addEventListener(
  type: "install" | "activate",
  listener: (event: ExtendableEvent) => void,
): void;
declare function addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;

/** What the build puts here: the page's files with their addresses within the page, and a hash of them all. */
declare const built: { readonly files: readonly string[]; readonly hash: string };

const cacheName = `seawall-${built.hash}`;

/** Files that only some need, and that are large: kept when they are first asked for. */
const onRequest = /asyncify|webgpu/;

addEventListener("install", (event) => {
  const files = built.files.filter((file) => !onRequest.test(file));
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(["./", ...files])));
});

addEventListener("activate", (event) => event.waitUntil(dropOthers()));

/** Drops what earlier builds kept. */
async function dropOthers(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith("seawall-") && name !== cacheName);
  await Promise.all(old.map((name) => caches.delete(name)));
}

addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && new URL(url).origin === location.origin) event.respondWith(answer(event.request));
});

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
  if (kept) return isolated(kept);
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return isolated(response);
}

/** The answer with the headers that isolate its page from other origins. */
function isolated(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
