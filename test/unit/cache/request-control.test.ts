// What of a request's Cache-Control and Pragma is heard.

import { expect, test } from "vitest";
import { requestControl } from "../../../src/cache/control.ts";
import { parseCacheControl } from "../../../src/http/cache-control.ts";

const heard = (headers: Record<string, string>): ReturnType<typeof requestControl> =>
  requestControl(new Headers(headers), { requestDirectives: "obey" });

test("a route that ignores directives hears nothing", () => {
  const headers = new Headers({ "cache-control": "no-cache", pragma: "no-cache" });
  expect(requestControl(headers, { requestDirectives: "ignore" })).toBeNull();
});

test.each<readonly [string, Record<string, string>, string]>([
  ["Cache-Control is read", { "cache-control": "max-age=0" }, "max-age=0"],
  ["Pragma: no-cache counts without Cache-Control", { pragma: "x, No-Cache" }, "no-cache"],
  ["Pragma is nothing beside Cache-Control", { pragma: "no-cache", "cache-control": "max-stale=5" }, "max-stale=5"],
  ["Pragma is nothing beside an empty Cache-Control either", { pragma: "no-cache", "cache-control": "" }, ""],
  ["other pragmas are nothing", { pragma: "no-cache=1" }, ""],
  ["nothing asks for nothing", {}, ""],
])("%s", (_, headers, expected) => {
  expect(heard(headers)).toEqual(parseCacheControl(expected));
});
