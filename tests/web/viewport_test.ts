import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import {
  MAX_ZOOM,
  moveInto,
  panBy,
  toViewBox,
  type Viewport,
  WHOLE,
  zoomAt,
  zoomTo,
} from "../../examples/web/viewport.ts";
import { rectangle } from "../support/arbitrary.ts";

const PAGE = { width: 1000, height: 2000 };

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const point = fc.record({ x: fraction, y: fraction });
const factor = fc.double({ min: 0.01, max: 100, noNaN: true });
const viewport = fc.tuple(factor, point, point).map(([factor, at, by]) => panBy(zoomAt(WHOLE, factor, at), by));

function isOnPage({ left, top, zoom }: Viewport): boolean {
  const end = 1 - 1 / zoom + 1e-9;
  return zoom >= 1 && zoom <= MAX_ZOOM && left >= 0 && top >= 0 && left <= end && top <= end;
}

Deno.test("a viewport never leaves the page", () => {
  fc.assert(fc.property(viewport, factor, point, rectangle, (viewport, factor, at, region) => {
    ok(isOnPage(viewport));
    ok(isOnPage(zoomAt(viewport, factor, at)));
    ok(isOnPage(panBy(viewport, { x: at.x - 0.5, y: at.y - 0.5 })));
    ok(isOnPage(moveInto(viewport, region, PAGE)));
    ok(isOnPage(zoomTo(region, PAGE)));
  }));
});

Deno.test("zoomAt() keeps what is under the pointer", () => {
  fc.assert(fc.property(viewport, fc.double({ min: 1, max: 4, noNaN: true }), point, (before, factor, at) => {
    const after = zoomAt(before, factor, at);
    const under = ({ left, zoom }: Viewport): number => left + at.x / zoom;
    ok(Math.abs(under(before) - under(after)) < 1e-9);
  }));
});

Deno.test("zoomTo() shows the whole region, centered", () => {
  const region = { left: 400, top: 900, right: 600, bottom: 1100 };
  const { left, top, zoom } = zoomTo(region, PAGE);
  ok(Math.abs(zoom - 4) < 1e-9);
  ok(Math.abs(left + 0.5 / zoom - 0.5) < 1e-9 && Math.abs(top + 0.5 / zoom - 0.5) < 1e-9);
});

Deno.test("zoomTo() shows the beginning of a region that is too large", () => {
  const { left, zoom } = zoomTo({ left: 100, top: 900, right: 950, bottom: 940 }, PAGE);
  equal(zoom, 2);
  ok(left < 0.1 && left > 0.08);
});

Deno.test("moveInto() moves only to a region that is out of sight", () => {
  const viewport = { left: 0, top: 0, zoom: 2 };
  equal(moveInto(viewport, { left: 490, top: 0, right: 900, bottom: 10 }, PAGE), viewport);
  deepEqual(moveInto(viewport, { left: 700, top: 0, right: 800, bottom: 10 }, PAGE), { left: 0.5, top: 0, zoom: 2 });
});

Deno.test("toViewBox() is in pixels of the page", () => {
  equal(toViewBox(WHOLE, PAGE), "0 0 1000 2000");
  equal(toViewBox({ left: 0.25, top: 0.5, zoom: 4 }, PAGE), "250 1000 250 500");
});
