// The service worker: keeps the page's own files under their version and serves them without a network.
// KEPT = {version, page, files} stands in front of this text. It never keeps an answer with data in it.
const CACHE = `field-${KEPT.version}`;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    // past the browser's own cache: a version is kept whole or not at all
    await cache.addAll([KEPT.page, ...KEPT.files].map((address) => new Request(address, { cache: "reload" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("field-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

const mine = new Set(KEPT.files);

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  const page = event.request.mode === "navigate" && address.pathname === KEPT.page;
  if (!page && !mine.has(address.pathname)) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    return (await cache.match(page ? KEPT.page : address.pathname)) || fetch(event.request);
  })());
});
