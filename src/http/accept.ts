// As much content negotiation as error pages need. Pure.

/** True when the visitor names JSON and does not name HTML: programs get JSON, browsers and `curl` get a page. */
export function prefersJson(accept: string | null): boolean {
  if (accept === null) return false;
  const types = accept.toLowerCase().split(",").map((part) => part.split(";")[0]?.trim() ?? "");
  return types.some((type) => type === "application/json" || type.endsWith("+json")) && !types.includes("text/html");
}
