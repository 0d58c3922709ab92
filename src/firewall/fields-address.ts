// Fields of the visitor's address and of what the platform knows about it. What is not known is missing, so that a comparison
// with it is false: `ip.src.country ne "DE"` does not match a visitor whose country is unknown.

import { bytesOfText } from "../expression/bytes.ts";
import { parseAddress } from "../expression/ip.ts";
import { once } from "./derive.ts";
import { doubtCode, doubtRegion, doubtSubdivision, doubtUnless, type Doubter } from "./doubts.ts";
import type { ValueType } from "../expression/ast.ts";
import type { Field } from "../expression/scheme.ts";
import type { RuntimeValue } from "../expression/types.ts";
import type { ClientFacts } from "../facts.ts";
import type { RuleContext } from "./context.ts";

/** Names after `ip.src.`; those with `old` are also known as `ip.geoip...`. */
interface Property {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  readonly old: boolean;
  readonly get: (client: ClientFacts) => RuntimeValue | null;
  readonly doubt?: Doubter;
  readonly always?: true;
}

const CONTINENTS = ["AF", "AN", "AS", "EU", "NA", "OC", "SA", "T1"];

const PROPERTIES: readonly Property[] = [
  {
    name: "country",
    type: "Bytes",
    description: "Country, ISO 3166-1 alpha-2: `DE`; `T1` for Tor.",
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
    doubt: doubtUnless(CONTINENTS, "the code of a continent"),
  },
  { name: "asnum", type: "Int", description: "Number of the autonomous system.", old: true, get: (client) => client.asn },
  {
    name: "is_in_european_union",
    type: "Bool",
    description: "Whether the country is in the European Union.",
    old: true,
    get: (client) => client.isEu,
  },
  {
    name: "subdivision_1_iso_code",
    type: "Bytes",
    description: "First-level region, ISO 3166-2 with the country: `US-TX`. Empty when it is not known.",
    old: true,
    get: ({ country, regionCode }) => (country === null || regionCode === null || regionCode === "" ? "" : `${country}-${regionCode}`),
    doubt: doubtSubdivision,
    always: true,
  },
  { name: "city", type: "Bytes", description: "City.", old: false, get: (client) => textOrNull(client.city) },
  {
    name: "region",
    type: "Bytes",
    description: "First-level region by name: `Texas`.",
    old: false,
    get: (client) => textOrNull(client.region),
  },
  {
    name: "region_code",
    type: "Bytes",
    description: "First-level region, ISO 3166-2 without the country: `TX`.",
    old: false,
    get: (client) => client.regionCode,
    doubt: doubtRegion,
  },
  { name: "postal_code", type: "Bytes", description: "Postal code.", old: false, get: ({ connection }) => told(connection.postalCode) },
  {
    name: "metro_code",
    type: "Bytes",
    description: "Designated market area, in the United States: `635`.",
    old: false,
    get: ({ connection }) => told(connection.metroCode),
  },
  { name: "lat", type: "Bytes", description: "Latitude, as text.", old: false, get: (client) => numberOrNull(client.latitude) },
  { name: "lon", type: "Bytes", description: "Longitude, as text.", old: false, get: (client) => numberOrNull(client.longitude) },
  { name: "timezone.name", type: "Bytes", description: "Time zone: `Europe/Berlin`.", old: false, get: (client) => client.timezone },
];

export const ADDRESS_FIELDS: readonly Field<RuleContext>[] = [
  {
    name: "ip.src",
    type: "Ip",
    description: "The visitor's address, behind trusted proxies the one they report.",
    get: once(({ facts }) => parseAddress(facts.client.address) ?? undefined),
  },
  ...PROPERTIES.map((property) => fieldOf(`ip.src.${property.name}`, property)),
  ...PROPERTIES.filter(({ old }) => old).map((property) => ({
    ...fieldOf(`ip.geoip.${property.name}`, property),
    description: `Old name of \`ip.src.${property.name}\`.`,
  })),
];

function fieldOf(name: string, { get, type, description, doubt, always }: Property): Field<RuleContext> {
  return {
    name,
    type,
    description,
    get: ({ facts }) => get(facts.client) ?? undefined,
    ...(doubt === undefined ? {} : { doubt }),
    ...(always === undefined ? {} : { always }),
  };
}

function textOrNull(text: string | null): string | null {
  return text === null ? null : bytesOfText(text);
}

function told(value: unknown): string | null {
  return typeof value === "string" ? bytesOfText(value) : null;
}

function numberOrNull(value: number | null): string | null {
  return value === null ? null : String(value);
}
