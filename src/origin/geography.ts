// Where visitors and origins are: how exactly an origin's `serves` names a visitor, and how far `at` is from one. Pure. Which of
// several that are equal takes a request is for policy.ts; called by select.ts.

import type { PlaceSnapshot } from "../config/pool-snapshot.ts";
import type { ClientFacts } from "../facts.ts";
import { NEAREST_TOLERANCE_KM } from "../limits.ts";

export type Whereabouts = Pick<ClientFacts, "colo" | "country" | "regionCode" | "continent" | "latitude" | "longitude">;

export type Coordinates = readonly [latitude: number, longitude: number];

interface Placed {
  readonly place: PlaceSnapshot;
}

/** How an origin is meant for a visitor, the best first. anybody: it names nobody in particular. others: it names, but not this one. */
const LEVELS = ["colo", "region", "country", "continent", "anybody", "others"] as const;

type GeoLevel = (typeof LEVELS)[number];

/** Mean radius of the earth (IUGG). */
const EARTH_RADIUS_KM = 6371.0088;

/** Those of the candidates that are meant for the visitor most exactly; never empty. */
export function mostExact<T extends Placed>(candidates: readonly T[], visitor: Whereabouts): readonly T[] {
  const ranked = candidates.map((candidate) => ({ candidate, rank: LEVELS.indexOf(geoLevel(candidate.place, visitor)) }));
  const best = Math.min(...ranked.map(({ rank }) => rank));
  return ranked.filter(({ rank }) => rank === best).map(({ candidate }) => candidate);
}

/** What is not known of the visitor matches nothing. */
export function geoLevel(place: PlaceSnapshot, visitor: Whereabouts): GeoLevel {
  const { colo, country, continent } = visitor;
  const region = regionOf(visitor);
  if (colo !== null && place.colos.includes(colo)) return "colo";
  if (region !== null && place.regions.includes(region)) return "region";
  if (country !== null && place.countries.includes(country)) return "country";
  if (continent !== null && place.continents.includes(continent)) return "continent";
  return servesAnybody(place) ? "anybody" : "others";
}

/** ISO 3166-2: the platform gives country and region apart. */
export function regionOf({ country, regionCode }: Pick<Whereabouts, "country" | "regionCode">): string | null {
  return country === null || regionCode === null ? null : `${country}-${regionCode}`;
}

function servesAnybody({ colos, regions, countries, continents }: PlaceSnapshot): boolean {
  return colos.length + regions.length + countries.length + continents.length === 0;
}

/**
 * Those of the candidates that are as near to the visitor as can be told: all of them where nobody knows where the visitor is.
 * One without coordinates is farther than any other.
 */
export function nearest<T extends Placed>(candidates: readonly T[], visitor: Whereabouts): readonly T[] {
  const { latitude, longitude } = visitor;
  if (latitude === null || longitude === null) return candidates;
  const measured = candidates.map((candidate) => {
    const { at } = candidate.place;
    return { candidate, km: at === null ? Number.POSITIVE_INFINITY : distanceKm(at, [latitude, longitude]) };
  });
  const limitKm = Math.min(...measured.map(({ km }) => km)) + NEAREST_TOLERANCE_KM;
  return measured.filter(({ km }) => km <= limitKm).map(({ candidate }) => candidate);
}

/** Along the great circle, by the haversine formula, which stays exact for near points (R. W. Sinnott, 1984). */
export function distanceKm([latitude1, longitude1]: Coordinates, [latitude2, longitude2]: Coordinates): number {
  const meridian = haversine(latitude2 - latitude1);
  const parallel = Math.cos(radians(latitude1)) * Math.cos(radians(latitude2)) * haversine(longitude2 - longitude1);
  // Rounding may lead past 1 at opposite points, where the arcsine ends.
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, meridian + parallel)));
}

function haversine(degrees: number): number {
  return Math.sin(radians(degrees) / 2) ** 2;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
