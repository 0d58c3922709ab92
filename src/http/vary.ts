// Vary (RFC 9110 12.5.5), and the request headers that it names in one spelling, so that equal requests share a variant. Pure.

/** Field names in lower case, sorted, each once; `*` when it is among them. */
export function parseVary(value: string | null): "*" | readonly string[] {
  const names = (value ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  return names.includes("*") ? "*" : [...new Set(names)].sort();
}

/** The value of a request header as it counts for choosing a variant. Absent is the empty string. */
export function variantValue(name: string, value: string | null): string {
  if (value === null) return "";
  switch (name) {
    case "accept-encoding":
      return normalAcceptEncoding(value);
    case "accept-language":
      return normalAcceptLanguage(value);
    default:
      return value.trim().replaceAll(/[ \t]+/g, " ").replaceAll(/ ?, ?/g, ",");
  }
}

/** The codings that are in use on the web, of those that are accepted: `br,gzip,zstd` or empty. Weights are not kept. */
export function normalAcceptEncoding(value: string): string {
  const accepted = weighted(value).filter(({ weight }) => weight > 0).map(({ token }) => token);
  const refused = weighted(value).filter(({ weight }) => weight === 0).map(({ token }) => token);
  const known = ["br", "gzip", "zstd"].filter((coding) => accepted.includes(coding) || (accepted.includes("*") && !refused.includes(coding)));
  const gzip = !known.includes("gzip") && accepted.includes("x-gzip") ? ["gzip"] : [];
  const identityRefused = refused.includes("identity") || (refused.includes("*") && !accepted.includes("identity"));
  return [...known, ...gzip, ...(identityRefused ? ["identity;q=0"] : [])].sort().join(",");
}

/** Language ranges by falling weight, lower case: `de-at,de,en`. */
export function normalAcceptLanguage(value: string): string {
  return weighted(value)
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ token }) => token)
    .join(",");
}

interface Weighted {
  readonly token: string;
  readonly weight: number;
}

/** RFC 9110 12.4.2: no weight is 1, a malformed one is 0. Sorting is stable, so equal weights keep their order. */
function weighted(value: string): Weighted[] {
  return value
    .toLowerCase()
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const [token = "", ...parameters] = part.split(";").map((piece) => piece.trim());
      const q = parameters.find((parameter) => parameter.startsWith("q="));
      const weight = q === undefined ? 1 : /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q.slice(2)) ? Number(q.slice(2)) : 0;
      return { token, weight };
    });
}
