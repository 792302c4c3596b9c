/**
 * The parts of RxJS that the library uses, from their own modules. In Node.js and Deno, the main module of RxJS loads all
 * operators and schedulers, which takes longer than loading the rest of the library.
 *
 * @module
 */
export { lastValueFrom } from "rxjs/internal/lastValueFrom";
export { Observable } from "rxjs/internal/Observable";
export { concat } from "rxjs/internal/observable/concat";
export { defer } from "rxjs/internal/observable/defer";
export { EMPTY } from "rxjs/internal/observable/empty";
export { from } from "rxjs/internal/observable/from";
export { of } from "rxjs/internal/observable/of";
export { concatMap } from "rxjs/internal/operators/concatMap";
export { filter } from "rxjs/internal/operators/filter";
export { finalize } from "rxjs/internal/operators/finalize";
export { map } from "rxjs/internal/operators/map";
export { mergeMap } from "rxjs/internal/operators/mergeMap";
export { share } from "rxjs/internal/operators/share";
export { takeWhile } from "rxjs/internal/operators/takeWhile";
export { tap } from "rxjs/internal/operators/tap";
export { Subject } from "rxjs/internal/Subject";
export type { Subscriber } from "rxjs/internal/Subscriber";
