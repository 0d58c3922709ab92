// Accept-Language over the real Cache API: a list that was not seen before gets the variant in the one language that it wants most.

import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { edgeOf, type Edge } from "./cache-edge.ts";

afterEach(() => reset());

const URL = "http://shop.test/a";
const FIELDS = { "cache-control": "max-age=60", vary: "accept-language" };

const ask = (edge: Edge, language: string): ReturnType<Edge["get"]> => edge.get(URL, { headers: { "accept-language": language } });

/** Has pages in German and English, and answers in the first of the two that is asked for. */
function bilingual(edge?: { version: number }): Parameters<typeof edgeOf>[0] {
  return ({ headers }) => {
    const language = /de|en/.exec(headers.get("accept-language") ?? "")?.[0] ?? "en";
    return new Response(`${language}${edge?.version ?? 1}`, { headers: { ...FIELDS, "content-language": language } });
  };
}

test("a new list of languages gets what is stored in the one that it wants most", async () => {
  const edge = edgeOf(bilingual());
  await ask(edge, "de, en;q=0.5");
  const hit = await ask(edge, "fr;q=0.5, de");
  expect([hit.cache.status, hit.text]).toEqual(["HIT", "de1"]);
  expect((await ask(edge, "fr, de;q=0.9")).cache).toMatchObject({ status: "MISS", fwd: "vary-miss" });
  expect(edge.asked.length).toBe(2);
});

test("the order of languages of equal weight makes no variant of its own", async () => {
  const edge = edgeOf(bilingual());
  await ask(edge, "en, de");
  expect((await ask(edge, "de, en")).cache.status).toBe("HIT");
});

test("an origin that calls every page English does not have its German page served as English", async () => {
  const edge = edgeOf(({ headers }) => new Response(headers.get("accept-language"), { headers: { ...FIELDS, "content-language": "en" } }));
  await ask(edge, "de, en;q=0.5");
  expect((await ask(edge, "en, fr;q=0.1")).text).toBe("en, fr;q=0.1");
});

test("what a language stood for is not used when it has become another language's", async () => {
  const edge = edgeOf(bilingual());
  await ask(edge, "de, en");
  edge.nowMs += 61_000;
  edge.origin = () => new Response("now English", { headers: { ...FIELDS, "content-language": "en" } });
  await ask(edge, "de, en");
  expect((await ask(edge, "de, fr;q=0.1")).cache).toMatchObject({ status: "MISS", fwd: "vary-miss" });
});

test("an invalidation reaches what a language stands for", async () => {
  const state = { version: 1 };
  const edge = edgeOf(bilingual(state));
  await ask(edge, "de");
  state.version = 2;
  await edge.get(URL, { method: "POST", body: "x" });
  expect((await ask(edge, "de, fr;q=0.1")).text).toBe("de2");
  expect((await ask(edge, "de")).text).toBe("de2");
});

test("a list that poses as the name of a language finds nothing and spoils nothing", async () => {
  const edge = edgeOf(bilingual());
  await ask(edge, "de, en;q=0.5");
  for (const list of ["=de", '"most","de"', '[["accept-language","most","de"]]']) expect((await ask(edge, list)).cache.status).toBe("MISS");
  expect((await ask(edge, "de")).cache.status).toBe("HIT");
});
