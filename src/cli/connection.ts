/**
 * Connects to the service that the environment variables describe.
 *
 * @module
 */
import process from "node:process";
import * as E from "../internal/either.ts";
import { connect, type Retry, type Service } from "../client/service.ts";
import type { BudgetOptions } from "../client/budget.ts";
import type { Credentials } from "../client/token.ts";
import type { Io } from "./io.ts";
import { demand, toRead } from "./permissions.ts";
import type { Terminal } from "./terminal.ts";
import { messageOf } from "./files.ts";

type Env = Io["env"];

/** The variables that name a proxy for plain http, and those that name the hosts which are reached without it. */
const PROXIES = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const EXEMPTIONS = ["NO_PROXY", "no_proxy"];

/** Connects with the credentials in the environment. If the result is a Left, a sentence, nothing has been sent. */
export async function connectFrom(
  io: Io,
  terminal: Terminal,
  onRetry: (retry: Retry) => void,
  budget?: BudgetOptions,
): Promise<E.Either<string, Service>> {
  const { OCR_CLIENT_ID: clientId = "", OCR_CLIENT_SECRET: clientSecret = "" } = io.env;
  if (clientId === "" || clientSecret === "") {
    return E.left(
      "Missing credentials. Set OCR_CLIENT_ID and OCR_CLIENT_SECRET to the values that the service's dashboard " +
        "shows for your application. To try it without an account, add --emulate to detect or read.",
    );
  }
  return await connectAs({ clientId, clientSecret }, io, terminal, onRetry, budget);
}

/** Connects to the address in the environment, with any credentials. */
export async function connectAs(
  credentials: Credentials,
  io: Io,
  terminal: Terminal,
  onRetry: (retry: Retry) => void,
  budget?: BudgetOptions,
): Promise<E.Either<string, Service>> {
  const { env } = io;
  const { OCR_BASE_URL = "" } = env;
  const isHttp = URL.canParse(OCR_BASE_URL) && new URL(OCR_BASE_URL).protocol === "http:";
  const readable = await demand(io, isHttp ? toRead("OCR_ALLOW_HTTP", ...PROXIES, ...EXEMPTIONS) : []);
  if (E.isLeft(readable)) return readable;
  const allowHttp = isHttp && env.OCR_ALLOW_HTTP === "1";
  let service: Service;
  try {
    service = connect({
      credentials,
      allowHttp,
      onRetry,
      budget,
      ...OCR_BASE_URL === "" ? {} : { baseUrl: OCR_BASE_URL },
    });
  } catch (error) {
    const hint = isHttp && !allowHttp
      ? " To accept plain http for an emulator on another machine, set OCR_ALLOW_HTTP=1."
      : "";
    return E.left(`${messageOf(error).replace("baseUrl", "OCR_BASE_URL")}.${hint}`);
  }
  const url = new URL(service.baseUrl);
  const proxy = exposingProxy(url, env, process.versions, process.execArgv);
  if (proxy !== null) {
    return E.left(
      `${proxy} is set, so the client secret would be sent to the proxy in clear text. ` +
        `Add ${hostNames(url).join(",")} to NO_PROXY to reach ${url.origin} directly.`,
    );
  }
  const reachable = await demand(io, [{ name: "net", value: url.host }]);
  if (E.isLeft(reachable)) return reachable;
  if (allowHttp) {
    terminal.say(`Warning: OCR_ALLOW_HTTP is set. The client secret and the image go to ${url.origin} in clear text.`);
  }
  return E.right(service);
}

/**
 * Returns the variable that names a proxy which could read the requests to `url`, or null. A proxy can read plain http
 * only; https is encrypted on its way through it. Deno 2.9, Bun 1.4 and Node.js 24 were tried: the one form of NO_PROXY
 * that they agree on is a list of exact names, separated by commas. So only that form exempts a host, and it must be in
 * both spellings of the variable if both are set. Node.js ignores these variables unless it is told to use them.
 */
export function exposingProxy(
  url: URL,
  env: Env,
  versions: Readonly<Record<string, string | undefined>>,
  execArgv: readonly string[],
): string | null {
  const isNode = versions.deno === undefined && versions.bun === undefined;
  const heedsProxies = !isNode || env.NODE_USE_ENV_PROXY === "1" || execArgv.includes("--use-env-proxy") ||
    (env.NODE_OPTIONS ?? "").includes("--use-env-proxy");
  if (url.protocol !== "http:" || !heedsProxies) return null;
  const proxy = PROXIES.find((name) => (env[name] ?? "") !== "");
  if (proxy === undefined) return null;
  const lists = EXEMPTIONS.map((name) => env[name] ?? "").filter((list) => list !== "")
    .map((list) => list.split(",").map((name) => name.trim()));
  const isExempt = lists.length > 0 && lists.every((list) => hostNames(url).every((name) => list.includes(name)));
  return isExempt ? null : proxy;
}

/** Deno and Bun expect an IPv6 address without brackets, Node.js with them. */
function hostNames({ hostname }: URL): readonly string[] {
  return hostname.startsWith("[") ? [hostname.slice(1, -1), hostname] : [hostname];
}
