// Where visitors and origins are: known distances, the date line and the poles, and the order in which an origin's places count.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlaceSnapshot } from "../../../src/config/pool-snapshot.ts";
import { NOBODY } from "../../../src/facts.ts";
import { NEAREST_TOLERANCE_KM } from "../../../src/limits.ts";
import { distanceKm, geoLevel, mostExact, nearest, regionOf } from "../../../src/origin/geography.ts";
import type { Coordinates, Whereabouts } from "../../../src/origin/geography.ts";
import { NOWHERE } from "./fixtures.ts";

const MUNICH: Whereabouts = {
  ...NOBODY,
  colo: "MUC",
  country: "DE",
  regionCode: "BY",
  continent: "EU",
  latitude: 48.137,
  longitude: 11.575,
};

/** Half of the earth's circumference: as far as can be. */
const FARTHEST_KM = Math.PI * 6371.0088;

describe("distances", () => {
  // Great-circle distances between airports, as aviation calculators give them for a sphere; within half a percent.
  test.each<[string, Coordinates, Coordinates, number]>([
    ["Frankfurt to New York", [50.0333, 8.5706], [40.6398, -73.7789], 6184],
    ["London to Tokyo", [51.4706, -0.4619], [35.7647, 140.3864], 9585],
    ["Sydney to Santiago, over the Pacific", [-33.9461, 151.1772], [-33.393, -70.7858], 11_340],
    ["Nashville to Los Angeles", [36.12, -86.67], [33.94, -118.4], 2886.45],
    ["one degree of the equator", [0, 0], [0, 1], 111.195],
    ["one degree of the equator, over the date line", [0, 179.5], [0, -179.5], 111.195],
    ["pole to pole", [90, 0], [-90, 0], FARTHEST_KM],
  ])("%s", (_, from, to, km) => {
    expect(Math.abs(distanceKm(from, to) - km) / km).toBeLessThan(0.005);
  });

  test.each<[string, Coordinates, Coordinates]>([
    ["both sides of the date line", [10, 179.9999], [10, -179.9999]],
    ["180 degrees east and west", [-20, 180], [-20, -180]],
    ["any longitude of the north pole", [90, 0], [90, 137]],
    ["any longitude of the south pole", [-90, -60], [-90, 120]],
    ["a place and itself", [48.1, 11.6], [48.1, 11.6]],
  ])("nothing lies between %s", (_, from, to) => {
    expect(distanceKm(from, to)).toBeLessThan(0.03);
  });

  const place = fc.tuple(fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true }));

  test("are the same there and back, never negative, never more than half way round, and no way round is shorter", () => {
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        const km = distanceKm(a, b);
        expect(km).toBeCloseTo(distanceKm(b, a), 6);
        expect(km).toBeGreaterThanOrEqual(0);
        expect(km).toBeLessThanOrEqual(FARTHEST_KM + 1e-6);
        expect(km).toBeLessThanOrEqual(distanceKm(a, c) + distanceKm(c, b) + 1e-3);
      }),
    );
  });

  test("are those that the angle between two vectors gives", () => {
    const vector = ([latitude, longitude]: Coordinates): readonly [number, number, number] => {
      const [p, l] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
      return [Math.cos(p) * Math.cos(l), Math.cos(p) * Math.sin(l), Math.sin(p)];
    };
    fc.assert(
      fc.property(place, place, (a, b) => {
        const [[x1, y1, z1], [x2, y2, z2]] = [vector(a), vector(b)];
        const cross = Math.hypot(y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2);
        expect(distanceKm(a, b)).toBeCloseTo(6371.0088 * Math.atan2(cross, x1 * x2 + y1 * y2 + z1 * z2), 2);
      }),
    );
  });

  test("the opposite point is half way round, wherever one is", () => {
    fc.assert(
      fc.property(place, ([latitude, longitude]) => {
        const opposite: Coordinates = [-latitude, longitude > 0 ? longitude - 180 : longitude + 180];
        expect(distanceKm([latitude, longitude], opposite)).toBeCloseTo(FARTHEST_KM, 0);
      }),
    );
  });
});

describe("how exactly an origin is meant for a visitor in Munich", () => {
  test.each<[Partial<PlaceSnapshot>, string]>([
    [{ colos: ["FRA", "MUC"], countries: ["DE"], continents: ["EU"] }, "colo"],
    [{ regions: ["DE-BY"], continents: ["EU"] }, "region"],
    [{ regions: ["DE-BE"], countries: ["DE"] }, "country"],
    [{ countries: ["AT"], continents: ["EU"] }, "continent"],
    [{}, "anybody"],
    [{ countries: ["US"] }, "others"],
    [{ regions: ["US-BY"] }, "others"],
  ])("%j: %s", (place, level) => {
    expect(geoLevel({ ...NOWHERE, ...place }, MUNICH)).toBe(level);
  });

  test("what is not known of a visitor matches nothing", () => {
    const everywhere: PlaceSnapshot = { colos: ["MUC"], regions: ["DE-BY"], countries: ["DE"], continents: ["EU"], at: null };
    expect(geoLevel(everywhere, NOBODY)).toBe("others");
    expect(geoLevel(NOWHERE, NOBODY)).toBe("anybody");
  });

  test.each([
    ["DE", "BY", "DE-BY"],
    ["DE", null, null],
    [null, "BY", null],
  ])("country %s and region code %s are the region %s", (country, regionCode, region) => {
    expect(regionOf({ country, regionCode })).toBe(region);
  });

  test("when the most exact origins leave, the next level takes over, down to those that are meant for others", () => {
    const levels: Partial<PlaceSnapshot>[] = [
      { countries: ["US"] },
      { continents: ["EU"] },
      {},
      { colos: ["MUC"] },
      { regions: ["DE-BY"] },
      { countries: ["DE"] },
    ];
    let left = levels.map((place) => ({ place: { ...NOWHERE, ...place } }));
    const order: unknown[] = [];
    while (left.length > 0) {
      const best = mostExact(left, MUNICH);
      expect(best).toHaveLength(1);
      order.push(
        levels.findIndex((level) => best[0] !== undefined && JSON.stringify({ ...NOWHERE, ...level }) === JSON.stringify(best[0].place)),
      );
      left = left.filter((each) => !best.includes(each));
    }
    expect(order).toEqual([3, 4, 5, 1, 2, 0]);
  });
});

describe("the nearest origins", () => {
  const at = (latitude: number, longitude: number) => ({ place: { ...NOWHERE, at: [latitude, longitude] as const } });
  const visitor = (latitude: number | null, longitude: number | null): Whereabouts => ({ ...NOBODY, latitude, longitude });

  test("over the date line, not the long way round", () => {
    const [fiji, honolulu] = [at(-18.1, 178.4), at(21.3, -157.9)];
    expect(nearest([honolulu, fiji], visitor(-13.8, -172))).toEqual([fiji]);
  });

  test("at a pole, longitude means nothing", () => {
    const [svalbard, antarctica] = [at(78.2, 15.6), at(-77.8, 166.7)];
    expect(nearest([antarctica, svalbard], visitor(90, -170))).toEqual([svalbard]);
    expect(nearest([antarctica, svalbard], visitor(-90, 15.6))).toEqual([antarctica]);
  });

  test(`those within ${NEAREST_TOLERANCE_KM} km of the nearest are as near, and no others`, () => {
    const perDegree = distanceKm([0, 0], [0, 1]);
    const east = (km: number) => at(0, km / perDegree);
    const [here, inside, outside] = [east(100), east(100 + NEAREST_TOLERANCE_KM - 0.01), east(100 + NEAREST_TOLERANCE_KM + 0.01)];
    expect(nearest([outside, here, inside], visitor(0, 0))).toEqual([here, inside]);
  });

  test.each([
    [null, null],
    [48.1, null],
    [null, 11.6],
  ])("a visitor at %s, %s could be anywhere: all are as near", (latitude, longitude) => {
    const all = [at(0, 0), at(50, 8), { place: NOWHERE }];
    expect(nearest(all, visitor(latitude, longitude))).toEqual(all);
  });

  test("one without coordinates comes after all that have some, and is better than none", () => {
    const [far, unknown] = [at(-80, 170), { place: NOWHERE }];
    expect(nearest([unknown, far], visitor(60, 10))).toEqual([far]);
    expect(nearest([unknown], visitor(60, 10))).toEqual([unknown]);
  });
});
