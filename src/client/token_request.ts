/**
 * The request for an access token.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import { type RegionsError, unauthorized } from "../model/error.ts";
import type { AccessToken } from "./memory.ts";
import { httpError, isTokenRefusal, readProblem } from "../model/problem.ts";
import { redactError } from "./redact.ts";
import { type Credentials, decodeAccessToken } from "./token.ts";
import { isSuccess } from "../internal/http.ts";
import { textBody } from "../internal/json_body.ts";
import { send, type Transport } from "./transport.ts";

/** Requests an access token for a client's credentials. Source: RFC 6749, section 4.4. */
export async function requestToken(
  transport: Transport,
  { clientId, clientSecret }: Credentials,
  signal: AbortSignal,
): Promise<E.Either<RegionsError, AccessToken>> {
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const response = await send(transport, {
    call: "token",
    method: "POST",
    path: "/connect/token",
    headers: { "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded" },
    body: await textBody(new URLSearchParams(form).toString()),
  }, { signal });
  return pipe(
    response,
    E.chain((response): E.Either<RegionsError, AccessToken> => {
      if (isSuccess(response)) return decodeAccessToken(response.text, Date.now());
      return E.left(
        isTokenRefusal(response) ? unauthorized("token", readProblem(response.text)) : httpError("token", response),
      );
    }),
    E.mapLeft((error) => redactError(error, [clientSecret])),
  );
}
