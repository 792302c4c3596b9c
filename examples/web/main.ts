/**
 * The page in the browser: actions become states, and states become what is seen and what runs.
 *
 * @module
 */
import { render } from "lit-html";
import { BehaviorSubject, concatMap, from, fromEvent, map, merge, mergeMap, observeOn, pairwise } from "rxjs";
import { queueScheduler, scan, Subject } from "rxjs";
import type { NewImage } from "./card.ts";
import { FORMATS, writeFile } from "./downloads.ts";
import { runJob } from "./effects.ts";
import { gesturesIn } from "./gestures.ts";
import { jobsOf, runJobs } from "./jobs.ts";
import { type Action, INITIAL, type State, update } from "./state.ts";
import { type Controls, view } from "./view.ts";

const root = demand("page"), news = demand("news");
const actions = new Subject<Action>();
const files = new Subject<File>();
const states = new BehaviorSubject(INITIAL);

const controls: Controls = {
  dispatch: (action) => {
    const { cards } = states.value;
    actions.next(action);
    if (action._tag === "Remove" || action._tag === "RemoveEnded") focusAfterRemoval(cards, states.value.cards);
  },
  add: (added) => {
    for (const file of added) files.next(file);
  },
  addExample: (name) => {
    fetchFile(name).then((file) => files.next(file), (error) => console.error(error));
  },
  download: (id, title) => {
    const card = states.value.cards.find((card) => card.id === id);
    const format = FORMATS.find((format) => format.title === title);
    if (card !== undefined && format !== undefined) writeFile(card, format).then(save, (error) => console.error(error));
  },
};

// An action that a job or a handler dispatches while another one is being processed waits for its turn.
actions.pipe(
  observeOn(queueScheduler),
  scan((state, action) => update(state, action, performance.now()), INITIAL),
).subscribe(states);

root.replaceChildren();
states.subscribe((state) => {
  render(view(state, controls), root);
  if (news.textContent !== state.news) news.textContent = state.news;
});
states.pipe(pairwise()).subscribe(([before, after]) => showActiveRow(before, after));
runJobs(states.pipe(map(jobsOf)), runJob).subscribe(actions);
gesturesIn(root).subscribe(actions);

files.pipe(concatMap(measure)).subscribe((image) => {
  controls.dispatch({ _tag: "Add", images: [image] });
});
merge(
  fromEvent<ClipboardEvent>(document, "paste").pipe(map(({ clipboardData }) => clipboardData)),
  fromEvent<DragEvent>(document, "drop").pipe(map(({ dataTransfer }) => dataTransfer)),
).pipe(mergeMap((data) => from(data?.files ?? []))).subscribe(files);
merge(fromEvent<DragEvent>(document, "dragover"), fromEvent<DragEvent>(document, "drop"))
  .subscribe((event) => event.preventDefault());
merge(
  fromEvent(document, "dragenter").pipe(map(() => true)),
  merge(fromEvent(document, "drop"), fromEvent<DragEvent>(document, "dragleave")).pipe(map(() => false)),
).subscribe((isOver) => document.body.classList.toggle("dropping", isOver));

/** Reads the size of an image as displayed. */
async function measure(file: File): Promise<NewImage> {
  const url = URL.createObjectURL(file);
  const picture = new Image();
  const loaded = new Promise<boolean>((resolve) => {
    picture.onload = () => resolve(picture.naturalWidth > 0);
    picture.onerror = () => resolve(false);
  });
  picture.src = url;
  const size = await loaded ? { width: picture.naturalWidth, height: picture.naturalHeight } : null;
  URL.revokeObjectURL(url);
  return { name: file.name, image: file, size };
}

async function fetchFile(name: string): Promise<File> {
  const response = await fetch(`/pages/${name}`);
  const image = await response.blob();
  return new File([image], name, { type: image.type });
}

/** Saves a file, as if its link had been clicked. The browser reads the URL at the click. */
function save(file: File): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Scrolls the highlighted row of a table into view, without scrolling the document. */
function showActiveRow(before: State, after: State): void {
  for (const { id, active } of after.cards) {
    const old = before.cards.find((card) => card.id === id);
    if (active === null || old?.active === active) continue;
    const rows = document.querySelector(`#card-${id} .rows`), row = rows?.querySelector("tr.active");
    if (!(rows instanceof HTMLElement && row instanceof HTMLElement)) continue;
    const header = rows.querySelector("thead")?.offsetHeight ?? 0;
    const top = row.offsetTop - header, bottom = row.offsetTop + row.offsetHeight;
    if (top < rows.scrollTop) rows.scrollTop = top;
    else if (bottom > rows.scrollTop + rows.clientHeight) rows.scrollTop = bottom - rows.clientHeight;
  }
}

/** Moves the focus from a card that was removed to the one that has taken its place. */
function focusAfterRemoval(before: State["cards"], after: State["cards"]): void {
  const index = before.findIndex(({ id }) => !after.some((card) => card.id === id));
  if (index === -1) return;
  const next = after[Math.min(index, after.length - 1)];
  demand(next === undefined ? "files" : `card-${next.id}`).focus();
}

function demand(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The document has no element with the id ${id}`);
  return element;
}
