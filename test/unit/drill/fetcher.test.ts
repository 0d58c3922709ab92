import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { faultsFor, faultyFetcher } from "../../../src/drill/fetcher.ts";
import { parseFault, type Fault } from "../../../src/drill/faults.ts";
import type { FetchInit } from "../../../src/ports.ts";

function faults(...texts: string[]): readonly Fault[] {
  return texts.flatMap((text) => {
    const fault = parseFault(text);
    return fault.ok ? [fault.value] : [];
  });
}

function init(originKey: string, method = "GET", signal: AbortSignal | null = null): FetchInit {
  return { method, headers: new Headers(), body: null, signal, resolveOverride: null, service: null, originKey };
}

/** @param answer - Of every origin. */
function drilled(answer: () => Response, ...texts: string[]): { fetch: (init: FetchInit) => Promise<Response>; asked: string[] } {
  const asked: string[] = [];
  const fetcher = faultyFetcher(
    {
      fetch(_url, { originKey }) {
        asked.push(originKey);
        return Promise.resolve(answer());
      },
    },
    faults(...texts),
  );
  return { fetch: (each) => fetcher.fetch("https://origin.example/", each), asked };
}

const LOST = "Network connection lost.";

test("what no fault is for passes through", async () => {
  const { fetch, asked } = drilled(() => new Response("fine"), "pool=eu:down", "origin=web/one:down", "kv=down", "cache=off");
  expect(await (await fetch(init("web/two"))).text()).toBe("fine");
  expect(await (await fetch(init("us/one"))).text()).toBe("fine");
  expect(asked).toEqual(["web/two", "us/one"]);
});

test.each(["web/one", "web/two"])("%s of a pool that is down is not asked", async (key) => {
  const { fetch, asked } = drilled(() => new Response("fine"), "pool=web:down");
  await expect(fetch(init(key))).rejects.toThrow(LOST);
  expect(asked).toEqual([]);
});

test("an origin without a pool is meant in every pool", () => {
  expect(faultsFor("web/one", faults("origin=one:down")).isDown).toBe(true);
  expect(faultsFor("eu/one", faults("origin=one:down")).isDown).toBe(true);
  expect(faultsFor("eu/one", faults("origin=web/one:down")).isDown).toBe(false);
  expect(faultsFor("web/one.example.net:8443", faults("origin=one.example.net:8443:down")).isDown).toBe(true);
});

test("several faults of one origin add up", () => {
  expect(faultsFor("web/one", faults("origin=one:slow=1s", "origin=web/one:slow=3s", "origin=one:status=503", "origin=one:reset"))).toEqual(
    {
      isDown: false,
      slowMs: 3000,
      status: 503,
      breaksOff: true,
    },
  );
});

test("a status is answered in the origin's place, without a body to HEAD", async () => {
  const { fetch, asked } = drilled(() => new Response("fine"), "origin=one:status=503");
  const answer = await fetch(init("web/one"));
  expect([answer.status, await answer.text()]).toEqual([503, "drill: status 503\n"]);
  expect((await fetch(init("web/one", "HEAD"))).body).toBeNull();
  expect(asked).toEqual([]);
});

describe("slow", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("the origin is asked when its silence is over", async () => {
    const { fetch, asked } = drilled(() => new Response("fine"), "origin=one:slow=3s");
    const answer = fetch(init("web/one"));
    await vi.advanceTimersByTimeAsync(2999);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await (await answer).text()).toBe("fine");
  });

  test("whoever waits may give up, before or meanwhile, as with fetch", async () => {
    const { fetch, asked } = drilled(() => new Response("fine"), "origin=one:slow=3s");
    await expect(fetch(init("web/one", "GET", AbortSignal.abort()))).rejects.toMatchObject({ name: "AbortError" });
    const controller = new AbortController();
    const ending = fetch(init("web/one", "GET", controller.signal)).catch((error: unknown) => error);
    controller.abort();
    expect(await ending).toMatchObject({ name: "AbortError" });
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("reset", () => {
  const sized = (body: string): Response => new Response(body, { headers: { "content-length": String(body.length) } });

  test("half of a body comes, and then an error", async () => {
    const { fetch } = drilled(() => sized("0123456789"), "origin=one:reset");
    const answer = await fetch(init("web/one"));
    expect(answer.headers.get("content-length")).toBe("10");
    const reader = answer.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("01234");
    await expect(reader?.read()).rejects.toThrow(LOST);
  });

  test.each<readonly [name: string, answer: () => Response]>([
    ["a body of unknown length", () => new Response(new Blob(["abc"]).stream())],
    ["a body of one byte", () => sized("a")],
  ])("of %s nothing comes but the error", async (_name, answer) => {
    const { fetch } = drilled(answer, "origin=one:reset");
    await expect((await fetch(init("web/one"))).text()).rejects.toThrow(LOST);
  });

  test.each<readonly [name: string, answer: () => Response]>([
    ["without a body", () => new Response(null, { status: 204 })],
    ["with an empty one", () => sized("")],
  ])("an answer %s is lost before it comes", async (_name, answer) => {
    const { fetch } = drilled(answer, "origin=one:reset");
    await expect(fetch(init("web/one"))).rejects.toThrow(LOST);
  });
});
