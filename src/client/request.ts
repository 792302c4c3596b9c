/**
 * Requests to the service, and retries of single calls.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import * as O from "../internal/option.ts";
import { sleep } from "../internal/abort.ts";
import { isSuccess } from "../internal/http.ts";
import type { RequestBody } from "../internal/json_body.ts";
import { notify } from "../internal/notify.ts";
import { type Call, interrupted, type RegionsError, timeout, unauthorized } from "../model/error.ts";
import { httpError, isServiceRefusal, readProblem, type Received } from "../model/problem.ts";
import { retryDelay } from "../polling/retry.ts";
import { redactError } from "./redact.ts";
import type { Req, Service } from "./service.ts";
import { type CallContext, send, timeLimit } from "./transport.ts";

/** A request to the service, and how to handle its response. */
export interface Exchange<A> {
  readonly call: Call;
  readonly method: "GET" | "POST" | "DELETE";
  /** The path and query, below `baseUrl`. */
  readonly path: string;
  /** The JSON body. */
  readonly body?: RequestBody | undefined;
  /** Decodes the text of a 2xx response. */
  readonly decode: (text: string) => E.Either<RegionsError, A>;
  /**
   * Converts an error that occurred after the request was sent.
   *
   * @param isRefusal Whether the service itself responded that it did not accept the request.
   */
  readonly afterSending?: (error: RegionsError, isRefusal: boolean) => RegionsError;
}

/**
 * Sends a request with a token. If the service rejects the token, sends it once more with a new one. Otherwise no
 * retries.
 */
export function exchange<A>(exchange: Exchange<A>): Req<A> {
  return (service, context = {}) => () => attempt(exchange, service, context, true);
}

/** Retries a call after transient failures, up to `retry.maxAttempts` attempts. */
export function retrying<A>(call: Call, id: string | null, req: Req<A>): Req<A> {
  return (service, context = {}) => async () => {
    const { retry } = service, { signal, endsAt = Infinity } = context;
    let malformed = 0;
    for (let failures = 1;; failures++) {
      const outcome = await req(service, context)();
      if (E.isRight(outcome) || failures >= retry.maxAttempts || signal?.aborted) return outcome;
      const error = outcome.left;
      if (error._tag === "Malformed") malformed++;
      const delay = retryDelay(retry, error, failures, malformed, Math.random());
      if (O.isNone(delay)) return outcome;
      const retryAfter = error._tag === "Http" ? error.retryAfter ?? 0 : 0;
      if (retryAfter > retry.maxDelay || performance.now() + delay.value >= endsAt) return outcome;
      notify(service.onRetry, { call, id, error, failures, delay: delay.value });
      if (!await sleep(delay.value, signal)) return E.left(interrupted(call, "aborted", 0));
    }
  };
}

/** @param mayRepeat Whether to send the request once more if the service rejects the token. */
async function attempt<A>(
  exchange: Exchange<A>,
  service: Service,
  context: CallContext,
  mayRepeat: boolean,
): Promise<E.Either<RegionsError, A>> {
  const { call, method, path, body, decode, afterSending = (error) => error } = exchange;
  const { signal } = context;
  if (signal?.aborted) return E.left(interrupted(call, "aborted", 0));
  const found = service.tokens.get(timeLimit(service, context), signal);
  const source = "then" in found ? await found : found;
  if (E.isLeft(source)) return source;
  if (signal?.aborted) return E.left(interrupted(call, "aborted", 0));
  if (timeLimit(service, context) <= 0) return E.left(timeout(call, 0));
  const token = source.right;
  const headers = {
    "Accept": "application/json, text/plain",
    "Authorization": `Bearer ${token}`,
    ...body === undefined ? {} : { "Content-Type": "application/json" },
  };
  const response = await send(service, { call, method, path, headers, body }, context);
  const outcome = E.isLeft(response) ? response : decodeReceived(call, response.right, decode);
  if (E.isRight(outcome)) return outcome;
  const isRefusal = E.isRight(response) && isServiceRefusal(response.right);
  const error = afterSending(redactError(outcome.left, [token]), isRefusal);
  return error._tag === "Unauthorized" && mayRepeat && service.tokens.refuse(token)
    ? attempt(exchange, service, context, false)
    : E.left(error);
}

function decodeReceived<A>(call: Call, response: Received, decode: Exchange<A>["decode"]): E.Either<RegionsError, A> {
  if (response.status === 401) return E.left(unauthorized(call, readProblem(response.text)));
  return isSuccess(response) ? decode(response.text) : E.left(httpError(call, response));
}
