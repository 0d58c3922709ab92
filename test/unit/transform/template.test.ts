import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HeaderRulesSnapshot, Template } from "../../../src/config/snapshot.ts";
import { isHeaderValue } from "../../../src/http/header-syntax.ts";
import { TEMPLATE_CHARS_MAX } from "../../../src/limits.ts";
import { applyHeaderRules, FRAMING_HEADERS } from "../../../src/transform/header-rules.ts";
import { parseTemplate, renderTemplate, TEMPLATE_REFS, templateValues } from "../../../src/transform/template.ts";
import { factsOf } from "../../support/facts.ts";

const facts = factsOf({ url: "http://Shop.test:8080/a/%7eb?x=1", address: "192.0.2.9", connection: { country: "JP" } });
const values = templateValues(facts, { requestId: "r1", params: { rest: "c/d", id: "42", host: "evil.test", __proto__: "p" } });

function template(text: string, params: readonly string[] = ["rest", "id"]): Template {
  const parsed = parseTemplate(text, params);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

describe("parsing", () => {
  test.each<[string, Template]>([
    ["", [""]],
    ["/new", ["/new"]],
    ["/new/{rest}", ["/new/", { ref: "rest" }]],
    ["{id}{rest}", [{ ref: "id" }, { ref: "rest" }]],
    ["{{{id}}}", ["{", { ref: "id" }, "}"]],
    ["{{id}}", ["{id}"]],
    ["{ id }", [{ ref: "id" }]],
  ])("%s", (text, parts) => {
    expect(parseTemplate(text, ["rest", "id"])).toEqual({ ok: true, value: parts });
  });

  test.each([
    ["a{", "unclosed", 1],
    ["a{id", "unclosed", 1],
    ["a}", "unopened", 1],
    ["{id}}", "unopened", 4],
    ["{}", "empty", 0],
    ["{ }", "empty", 0],
    ["a{ids}", "unknown-ref", 1],
    ["{header.cookie}", "unknown-ref", 0],
    ["{__proto__}", "unknown-ref", 0],
    ["{a{id}", "unknown-ref", 0],
  ])("%s is refused: %s at %i", (text, kind, at) => {
    expect(parseTemplate(text, ["id"])).toMatchObject({ ok: false, error: { kind, at } });
  });

  test("the names that are known are said", () => {
    const parsed = parseTemplate("{x}", ["id"]);
    expect(!parsed.ok && parsed.error.known).toEqual([...TEMPLATE_REFS, "id"]);
  });

  test(`templates end at ${TEMPLATE_CHARS_MAX} characters`, () => {
    expect(parseTemplate("a".repeat(TEMPLATE_CHARS_MAX)).ok).toBe(true);
    expect(parseTemplate("a".repeat(TEMPLATE_CHARS_MAX + 1))).toMatchObject({ ok: false, error: { kind: "too-long" } });
  });

  test("any text with its braces doubled stands for itself", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(renderTemplate(template(text.replaceAll(/[{}]/g, "$&$&")), {})).toBe(text);
        expect(typeof parseTemplate(text).ok).toBe("boolean");
      }),
    );
  });
});

describe("values", () => {
  test.each([
    ["{scheme}://{host}{path}?{query}", "http://shop.test:8080/a/~b?x=1"],
    ["{hostname} {method} {client.address} {client.country} {request.id}", "shop.test GET 192.0.2.9 JP r1"],
    ["{id}/{rest}", "42/c/d"],
  ])("%s", (text, rendered) => {
    expect(renderTemplate(template(text), values)).toBe(rendered);
  });

  test("a parameter cannot hide a name of the vocabulary, and what has no value is nothing", () => {
    expect(renderTemplate([{ ref: "host" }, { ref: "toString" }, { ref: "none" }], values)).toBe("shop.test:8080");
    const unknown = templateValues(factsOf({}), { requestId: "r1", params: {} });
    expect(renderTemplate([{ ref: "client.country" }], unknown)).toBe("");
  });
});

describe("header rules", () => {
  function rules(part: Partial<HeaderRulesSnapshot>): HeaderRulesSnapshot {
    return { remove: [], set: [], add: [], ...part };
  }

  test("remove, then set, then add", () => {
    const headers = new Headers({ "x-a": "1", "x-b": "2" });
    applyHeaderRules(headers, rules({ remove: ["x-a", "x-b"], set: [["x-a", ["s"]]], add: [["x-a", [{ ref: "id" }]]] }), values);
    expect(Object.fromEntries(headers)).toEqual({ "x-a": "s, 42" });
  });

  test("cookies are added one by one", () => {
    const headers = new Headers({ "set-cookie": "a=1" });
    applyHeaderRules(headers, rules({ add: [["set-cookie", ["b=2"]]] }), values);
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test.each([...FRAMING_HEADERS, "Content-Length", "bad name", ""])("a rule on %j does nothing", (name) => {
    const headers = new Headers({ "content-length": "5", "x-a": "1" });
    applyHeaderRules(headers, rules({ remove: [name], set: [[name, ["9"]]], add: [[name, ["9"]]] }), values);
    expect(Object.fromEntries(headers)).toEqual({ "content-length": "5", "x-a": "1" });
  });

  test("no value ends its line, whatever a visitor sent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const headers = new Headers();
        applyHeaderRules(headers, rules({ set: [["x-a", ["v=", { ref: "id" }]]] }), { id: text });
        expect([...headers.keys()]).toEqual(["x-a"]);
        expect(isHeaderValue(headers.get("x-a") ?? "\n")).toBe(true);
      }),
    );
  });
});
