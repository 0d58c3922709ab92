// A stored response for tests, with what one of them changes.

import type { StoredResponse } from "../../../src/cache/stored.ts";

export const NOW = Date.UTC(2026, 0, 1, 12);

export function storedOf(headers: Record<string, string>, changes: Partial<StoredResponse> = {}): StoredResponse {
  return {
    key: "http://shop.test/a",
    vary: [],
    variant: "",
    status: 200,
    statusText: "OK",
    headers: new Headers(headers),
    requestedAtMs: NOW,
    respondedAtMs: NOW,
    tags: [],
    guessable: true,
    ownMarkAtMs: 0,
    part: null,
    bodyBytes: 1000,
    bodyKey: null,
    ...changes,
  };
}
