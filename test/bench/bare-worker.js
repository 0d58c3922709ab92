// What Breakwater is measured against: the least that a caching proxy Worker can be. Looks up, else fetches and stores. No keys,
// rules, variants, retries or logs, and wrong in most of what a cache has to be right about.

export default {
  async fetch(request, env, ctx) {
    const stored = await caches.default.match(request);
    if (stored !== undefined) return stored;
    const { pathname, search } = new URL(request.url);
    const response = await fetch(env.ORIGIN + pathname + search, { headers: request.headers, redirect: "manual" });
    ctx.waitUntil(caches.default.put(request, response.clone()));
    return response;
  },
};
