import { expect, test } from "vitest";
import type { z } from "zod";
import { configJsonSchema, configSchema } from "../../../src/config/schema.ts";

interface Key {
  readonly path: string;
  readonly schema: z.ZodType;
  readonly description: string | undefined;
  readonly examples: readonly unknown[];
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** Every key of every mapping of the schema. */
function keysOf(schema: z.ZodType, path = ""): readonly Key[] {
  const def = schema.def as unknown as Definition;
  const own = Object.entries(def.shape ?? {}).flatMap(([name, child]) => {
    const { description, examples = [] } = (child.meta() ?? {}) as { description?: string; examples?: readonly unknown[] };
    return [{ path: `${path}.${name}`, schema: child, description, examples }, ...keysOf(child, `${path}.${name}`)];
  });
  const inner = [def.element, def.valueType, def.innerType, ...(def.options ?? [])].filter(
    (child) => child !== undefined && typeof child === "object",
  );
  return [...own, ...inner.flatMap((child) => keysOf(child, path))];
}

const keys = keysOf(configSchema);

test("the schema has keys to look at", () => {
  expect(keys.length).toBeGreaterThan(100);
});

test("every key says what it means, in a sentence", () => {
  expect(keys.filter(({ description }) => description?.endsWith(".") !== true).map(({ path }) => path)).toEqual([]);
});

test("every example is a value that its key takes", () => {
  const wrong = keys.flatMap(({ path, schema, examples }) =>
    examples.filter((example) => !schema.safeParse(example).success).map((example) => `${path}: ${JSON.stringify(example)}`),
  );
  expect(wrong).toEqual([]);
});

test("the JSON Schema refuses unknown keys and names the required ones", () => {
  const schema = configJsonSchema() as {
    additionalProperties?: unknown;
    required?: unknown;
    properties?: { sites?: { items?: { required?: unknown; additionalProperties?: unknown } } };
  };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toEqual(["sites"]);
  expect(schema.properties?.sites?.items).toMatchObject({ required: ["name", "hosts", "routes"], additionalProperties: false });
});
