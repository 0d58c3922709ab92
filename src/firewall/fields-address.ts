// Fields of the visitor's address and of what the platform knows about it. What is not known is missing, so that a comparison
// with it is false: `ip.src.country ne "DE"` does not match a visitor whose country is unknown.

import { bytesOfText } from "../expression/bytes.ts";
import { parseAddress } from "../expression/ip.ts";
import { oncePerRequest } from "./derive.ts";
import type { ValueType } from "../expression/ast.ts";
import type { Field } from "../expression/scheme.ts";
import type { RuntimeValue } from "../expression/types.ts";
import type { ClientFacts, Facts } from "../facts.ts";

const doubtCode = (bytes: string): { readonly message: string; readonly fix: string } | null =>
  /^[A-Z0-9]{2}$/.test(bytes)
    ? null
    : {
        message: "this field is a code of two capital letters, so this never matches",
        fix: bytes.length === 2 ? `write "${bytes.toUpperCase()}"` : 'write the code, such as "DE"',
      };

/** Names after `ip.src.`; those with `old` are also known as `ip.geoip...`. */
const PROPERTIES: readonly {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  readonly old: boolean;
  readonly get: (client: ClientFacts) => RuntimeValue | null;
  readonly doubt?: typeof doubtCode;
}[] = [
  {
    name: "country",
    type: "Bytes",
    description: "Country, ISO 3166-1 alpha-2: `DE`.",
    old: true,
    get: (client) => client.country,
    doubt: doubtCode,
  },
  {
    name: "continent",
    type: "Bytes",
    description: "Continent: `AF AN AS EU NA OC SA`, or `T1` for Tor.",
    old: true,
    get: (client) => client.continent,
    doubt: doubtCode,
  },
  { name: "asnum", type: "Int", description: "Number of the autonomous system.", old: true, get: (client) => client.asn },
  {
    name: "is_in_european_union",
    type: "Bool",
    description: "Whether the country is in the European Union.",
    old: true,
    get: (client) => client.isEu,
  },
  { name: "city", type: "Bytes", description: "City.", old: false, get: (client) => textOrNull(client.city) },
  { name: "region", type: "Bytes", description: "Region by name.", old: false, get: (client) => textOrNull(client.region) },
  { name: "lat", type: "Bytes", description: "Latitude, as text.", old: false, get: (client) => numberOrNull(client.latitude) },
  { name: "lon", type: "Bytes", description: "Longitude, as text.", old: false, get: (client) => numberOrNull(client.longitude) },
  { name: "timezone.name", type: "Bytes", description: "Time zone: `Europe/Berlin`.", old: false, get: (client) => client.timezone },
];

export const ADDRESS_FIELDS: readonly Field<Facts>[] = [
  {
    name: "ip.src",
    type: "Ip",
    description: "The visitor's address, behind trusted proxies the one they report.",
    get: oncePerRequest((facts) => parseAddress(facts.client.address) ?? undefined),
  },
  ...PROPERTIES.map((property) => fieldOf(`ip.src.${property.name}`, property)),
  ...PROPERTIES.filter(({ old }) => old).map((property) => ({
    ...fieldOf(`ip.geoip.${property.name}`, property),
    description: `Old name of \`ip.src.${property.name}\`.`,
  })),
];

function fieldOf(name: string, property: (typeof PROPERTIES)[number]): Field<Facts> {
  const { type, description, get, doubt } = property;
  return { name, type, description, get: (facts) => get(facts.client) ?? undefined, ...(doubt === undefined ? {} : { doubt }) };
}

function textOrNull(text: string | null): string | null {
  return text === null ? null : bytesOfText(text);
}

function numberOrNull(value: number | null): string | null {
  return value === null ? null : String(value);
}
