/**
 * Moving the focus among the regions of a page with the arrow keys. Each list of regions is one stop of the Tab key.
 *
 * @module
 */

/** Handles a key that was pressed in a list whose elements, or whose elements' buttons, are regions. */
export function moveFocus(event: KeyboardEvent): void {
  const { currentTarget: list, target, key } = event;
  if (!(list instanceof Element && target instanceof Element)) return;
  const items = [...list.querySelectorAll<HTMLElement | SVGElement>("[data-region]")];
  const from = items.findIndex((item) => item.contains(target));
  const to = nextIndex(key, from, items.length);
  if (from === -1 || to === null) return;
  event.preventDefault();
  event.stopPropagation();
  const item = items[to];
  (item.querySelector("button") ?? item).focus();
}

/** The element that a key leads to, or null if it leads nowhere. */
export function nextIndex(key: string, from: number, length: number): number | null {
  switch (key) {
    case "ArrowDown":
    case "ArrowRight":
      return Math.min(from + 1, length - 1);
    case "ArrowUp":
    case "ArrowLeft":
      return Math.max(from - 1, 0);
    case "Home":
      return 0;
    case "End":
      return length - 1;
    default:
      return null;
  }
}
