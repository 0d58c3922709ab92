import { expect, test } from "vitest";
import { readText } from "../../../src/admin/read-text.ts";

test("a body is read up to the limit in bytes and not one byte beyond", async () => {
  expect(await readText(post("né"), 3)).toBe("né");
  expect(await readText(post("née"), 3)).toBeNull();
});

test("a character that is cut between two chunks is read whole", async () => {
  const chunks = [...new TextEncoder().encode("aé€")].map((byte) => Uint8Array.of(byte));
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
  const init = { method: "POST", body, duplex: "half" };
  expect(await readText(new Request("https://shop.test/", init), 100)).toBe("aé€");
});

test("a body that is too long is not read to its end", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled += 1;
      controller.enqueue(new Uint8Array(10));
    },
  });
  const init = { method: "POST", body, duplex: "half" };
  expect(await readText(new Request("https://shop.test/", init), 25)).toBeNull();
  expect(pulled).toBeLessThan(10);
});

test("no body is an empty text", async () => {
  expect(await readText(new Request("https://shop.test/", { method: "POST" }), 10)).toBe("");
});

function post(body: string): Request {
  return new Request("https://shop.test/", { method: "POST", body });
}
