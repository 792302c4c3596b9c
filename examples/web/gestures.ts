/**
 * Zooming and panning with a mouse, a pen or fingers.
 *
 * @module
 */
import type { Point } from "@ocr-cloud/regions/page";
import { fromEvent, merge, Observable } from "rxjs";
import type { Action } from "./state.ts";

/** A finger, or the mouse with its button down, on the picture of a card. */
interface Touch {
  readonly picture: SVGSVGElement;
  readonly at: Point;
}

/** The zooming and panning of all pictures within an element. */
export function gesturesIn(root: HTMLElement): Observable<Action> {
  return merge(wheelIn(root), touchesIn(root));
}

/** Zooms when the wheel is turned with the Ctrl key down, as browsers also report a pinch on a touchpad. */
function wheelIn(root: HTMLElement): Observable<Action> {
  return new Observable((subscriber) =>
    // Only a listener that is not passive can keep the browser from zooming the document.
    fromEvent<WheelEvent>(root, "wheel", { passive: false }).subscribe((event) => {
      const picture = pictureOf(event.target);
      if (picture === null || !event.ctrlKey) return;
      event.preventDefault();
      const factor = Math.exp(-event.deltaY / (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 200 : 8));
      subscriber.next({ _tag: "Zoom", id: idOf(picture), factor, at: fractionOf(picture, event) });
    })
  );
}

/** Pans with one finger, and zooms with two. */
function touchesIn(root: HTMLElement): Observable<Action> {
  return new Observable((subscriber) => {
    const touches = new Map<number, Touch>();
    const onDown = (event: PointerEvent): void => {
      const picture = pictureOf(event.target);
      if (picture !== null && event.button === 0) {
        touches.set(event.pointerId, { picture, at: fractionOf(picture, event) });
      }
    };
    const onMove = (event: PointerEvent): void => {
      const touch = touches.get(event.pointerId);
      if (touch === undefined) return;
      const { picture, at } = touch;
      const id = idOf(picture), to = fractionOf(picture, event);
      const other = [...touches.values()].find((it) => it !== touch && it.picture === picture);
      touches.set(event.pointerId, { picture, at: to });
      if (other === undefined) subscriber.next({ _tag: "Pan", id, by: { x: at.x - to.x, y: at.y - to.y } });
      else {
        const before = distance(at, other.at), after = distance(to, other.at);
        if (before > 0) subscriber.next({ _tag: "Zoom", id, factor: after / before, at: middle(to, other.at) });
      }
    };
    const onUp = ({ pointerId }: PointerEvent): void => void touches.delete(pointerId);
    subscriber.add(fromEvent<PointerEvent>(root, "pointerdown").subscribe(onDown));
    subscriber.add(fromEvent<PointerEvent>(window, "pointermove").subscribe(onMove));
    subscriber.add(
      merge(
        fromEvent<PointerEvent>(window, "pointerup"),
        fromEvent<PointerEvent>(window, "pointercancel"),
      ).subscribe(onUp),
    );
  });
}

function pictureOf(target: EventTarget | null): SVGSVGElement | null {
  const picture = target instanceof Element ? target.closest("svg.page") : null;
  return picture instanceof SVGSVGElement ? picture : null;
}

function idOf(picture: SVGSVGElement): number {
  return Number(picture.dataset.card);
}

/** Where an event is, in fractions of the picture. */
function fractionOf(picture: SVGSVGElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top, width, height } = picture.getBoundingClientRect();
  return { x: (clientX - left) / width, y: (clientY - top) / height };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
