// What may fail is an Either, and both of its sides are known after one look.
import {
  type Completed,
  connect,
  decodeResponse,
  describe,
  fetchRegions,
  Payload,
  PollState,
  Region,
  type RegionsError,
  type Reply,
  type Service,
  type TaskStatus,
  toError,
  watchRegions,
} from "@ocr-cloud/regions";
import { type Req, submitImage } from "@ocr-cloud/regions/core";
import * as E from "fp-ts/lib/Either.js";
import { pipe } from "fp-ts/lib/function.js";
import * as RTE from "fp-ts/lib/ReaderTaskEither.js";
import type { Errors, TypeOf } from "io-ts";
import { firstValueFrom, map, type Observable } from "rxjs";

export function regionsOf(body: unknown): readonly Region[] {
  const status = decodeResponse(body);
  if (E.isLeft(status)) {
    const error: RegionsError = status.left;
    // @ts-expect-error: a Left has no right
    status.right;
    if (error._tag === "Http") {
      const { status, retryAfter }: { readonly status: number; readonly retryAfter: number | null } = error;
      return retryAfter === status ? [] : [];
    }
    // @ts-expect-error: only some errors tell which call they are about
    error.call;
    throw toError(error);
  }
  // @ts-expect-error: a Right has no left
  status.left;
  // @ts-expect-error: only what is Completed has regions
  status.right.regions;
  return status.right._tag === "Completed" ? status.right.regions : [];
}

/** The tags alone narrow as well: nobody has to import fp-ts. */
export function completed(reply: Reply): Completed | null {
  return reply._tag === "Right" && reply.right._tag === "Completed" ? reply.right : null;
}

const service = connect({ token: "token" });

export const watched: Observable<E.Either<RegionsError, TaskStatus>> = watchRegions("1")(service);
export const texts: Observable<string> = watched.pipe(map(describe));
export const tags: Observable<"Left" | "Right"> = watched.pipe(map((reply) => reply._tag));
export const first: Promise<Reply> = firstValueFrom(watched);
export const fetched: Promise<E.Either<RegionsError, TaskStatus>> = fetchRegions("1")(service)();
export const call: Req<TaskStatus> = fetchRegions("1");
call(service, { signal: AbortSignal.abort() });
// fp-ts passes on the service alone, so the result takes no signal.
export const chained: RTE.ReaderTaskEither<Service, RegionsError, TaskStatus> = pipe(
  submitImage(new Uint8Array(1)),
  RTE.chain(fetchRegions),
);

export const region: E.Either<Errors, Region> = Region.decode([0, 8, 697, 441]);
export const payload: E.Either<Errors, readonly Region[]> = Payload.decode("W1swLCA4LCA2OTcsIDQ0MV1d");
export const wire: readonly number[] = Region.encode({ left: 0, top: 8, right: 697, bottom: 441 });
export const state: E.Either<Errors, PollState> = PollState.decode(null);
export const same: TypeOf<typeof Region> = { left: 0, top: 8, right: 697, bottom: 441 } satisfies Region;

// @ts-expect-error: what was decoded is not to be changed
same.left = 1;
