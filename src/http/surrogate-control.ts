// Surrogate-Control (Edge Architecture Specification, W3C note of 2001, 2.2.1) as far as it is about storing. Its directives look like
// those of Cache-Control, but a max-age may bring a stale window: `max-age=600+60` is fresh for ten minutes and usable for one more.

import { DELTA_SECONDS_MAX, parseCacheControl, type CacheControl } from "./cache-control.ts";

const MAX_AGE = /(?:^|,)[ \t]*max-age=(\d+)(?:\+(\d+))?[ \t]*(?=$|,)/gi;

/** Null when it says nothing about storing (`content="ESI/1.0"`). A max-age that cannot be read is one that forbids to store. */
export function parseSurrogateControl(value: string): CacheControl | null {
  const control = parseCacheControl(value);
  if (control.noStore || control.maxAge === null) return control.noStore ? control : null;
  const readable = [...value.matchAll(MAX_AGE)];
  if (readable.length === 0 || readable.length !== value.match(/max-age/gi)?.length) return { ...control, noStore: true };
  const [, maxAge, window] = readable.toSorted((one, other) => Number(one[1]) - Number(other[1]))[0] ?? [];
  return {
    ...control,
    maxAge: Math.min(Number(maxAge), DELTA_SECONDS_MAX),
    staleWhileRevalidate: window === undefined ? control.staleWhileRevalidate : Math.min(Number(window), DELTA_SECONDS_MAX),
  };
}
