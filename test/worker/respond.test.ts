// Answers of our own: a route's header rules are for what the route itself answers, and for no other answer.

import { expect, test } from "vitest";
import { errorAnswer, type Answer } from "../../src/answer.ts";
import type { RouteMatch } from "../../src/ruleset.ts";
import { answerResponse } from "../../src/stages/respond.ts";
import { factsOf } from "../support/facts.ts";
import { routeOf } from "../support/routes.ts";

const MATCH: RouteMatch = {
  kind: "route",
  params: {},
  route: {
    ...routeOf("/status"),
    responseHeaders: { remove: ["x-request-id"], set: [["x-path", [{ ref: "path" }]]], add: [["cache-control", ["max-age=60"]]] },
  },
};
const FIXED: Answer = { kind: "page", status: 200, contentType: "text/plain", body: "ok" };
const REDIRECT: Answer = { kind: "redirect", status: 308, location: "/new", why: "route" };

function headersOf(answer: Answer, match: RouteMatch | null): Headers {
  const facts = factsOf({ url: "http://shop.test/status" });
  return answerResponse(answer, { requestId: "id", facts, site: null, method: "GET", accept: null, match }).headers;
}

test.each([
  ["a fixed response", FIXED],
  ["a redirect", REDIRECT],
])("%s of a route has the route's header rules: removed, set with placeholders, added", (_, answer) => {
  const headers = headersOf(answer, MATCH);
  expect([headers.get("x-request-id"), headers.get("x-path")]).toEqual([null, "/status"]);
  expect(headers.get("cache-control")).toMatch(/, max-age=60$/);
});

test.each([
  ["an answer that no route made", FIXED, null],
  ["an error page", errorAnswer({ code: "no-route" }), MATCH],
])("%s does not have them", (_, answer, match) => {
  const headers = headersOf(answer, match);
  expect([headers.get("x-request-id"), headers.get("x-path"), headers.get("cache-control")]).toEqual(["id", null, "no-store"]);
});
