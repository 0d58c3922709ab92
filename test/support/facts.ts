// Facts for tests of pure decisions: a GET of http://shop.test/ unless told otherwise, made by the real receive stage.

import type { Facts } from "../../src/facts.ts";
import type { ClientRules } from "../../src/ruleset.ts";
import { receive, type Connection } from "../../src/stages/receive.ts";

export interface FactsInput {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly connection?: Connection;
  readonly hasBody?: boolean;
  readonly nowMs?: number;
}

export const noProxies: ClientRules = { addressHeader: "cf-connecting-ip", isTrustedProxy: () => false, ownCookies: [], ownHeaders: [] };

export function factsOf(input: FactsInput = {}, client: ClientRules = noProxies): Facts {
  const headers = new Headers(input.headers);
  if (!headers.has(client.addressHeader)) headers.set(client.addressHeader, input.address ?? "192.0.2.1");
  const received = receive(
    {
      method: input.method ?? "GET",
      url: input.url ?? "http://shop.test/",
      headers,
      hasBody: input.hasBody ?? false,
      connection: input.connection ?? null,
      nowMs: input.nowMs ?? Date.UTC(2026, 0, 1),
    },
    client,
  );
  if (!received.ok) throw new Error(`these facts are refused: ${received.error.code}`);
  return received.value;
}
