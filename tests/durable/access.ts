/** Clients that are not allowed to do what they try, and requests that are repeated. */
import { check, request, until } from "./checks.ts";
import { listen } from "./events.ts";
import { ask, checkLog, json, ORIGIN, post, problemOf, send, startExample, statusOf } from "./example.ts";
import { authorization, type Client, keyOf } from "./keys.ts";
import { imageOf, startService } from "./service.ts";
import type { Tools } from "./tools.ts";

const FOREIGN = "https://foreign.example";

export async function access(tools: Tools, folder: string): Promise<void> {
  const service = await startService(3000);
  service.serviceTime = () => 2000;
  const runtime = await startExample(tools, service, folder);
  const { url } = runtime;
  const submissions = (): number => service.tasks.size;
  /** The number of requests that objects receive while `act` runs. */
  const reached = async (act: () => Promise<unknown>): Promise<unknown> => {
    const before = Number(await json(`${url}/requests`));
    await act();
    return Number(await json(`${url}/requests`)) - before;
  };
  const path = await send(url, 1), other = await send(url, 2);
  const task = url + path;
  await until("Both tasks are finished", 15_000, () => service.of(1)?.finals === 1 && service.of(2)?.finals === 1);
  await until("The task is completed", 5000, async () => await problemOf(task, 1) === null);

  /** The statuses of the responses to all requests about a task. */
  const tryAll = async (task: string, headers: HeadersInit): Promise<readonly number[]> => {
    const statuses: number[] = [];
    for (const view of ["", "/events", "/overlay.svg"]) {
      const response = await request(task + view, { headers });
      statuses.push(response.status);
      await response.body?.cancel();
    }
    const { status, body } = await request(task, { method: "DELETE", headers });
    await body?.cancel();
    return [...statuses, status];
  };
  const submitAs = async (headers: Record<string, string>): Promise<number> => {
    const response = await request(`${url}/tasks`, {
      method: "POST",
      headers: { "Content-Type": "image/png", ...headers },
      body: imageOf(3),
    });
    await response.body?.cancel();
    return response.status;
  };

  const impostors: Readonly<Record<string, Record<string, string>>> = {
    "without a key": {},
    "with an unknown key": { "Authorization": `Bearer ${"0".repeat(32)}` },
    "with the beginning of a key": { "Authorization": `Bearer ${keyOf("ann").slice(0, -1)}` },
    "with a key and more": { "Authorization": `Bearer ${keyOf("ann")}0` },
    "with a subject in place of a key": { "Authorization": "Bearer ann", "X-Task-Subject": "ann" },
    "with a key in the wrong scheme": { "Authorization": `Basic ${keyOf("ann")}` },
    "with a cookie of another name": { "Cookie": `x__Host-key=${keyOf("ann")}; key=${keyOf("ann")}` },
  };
  for (const [who, headers] of Object.entries(impostors)) {
    const statuses: number[] = [];
    const requests = await reached(async () =>
      statuses.push(await submitAs(headers), ...await tryAll(task, headers), ...await tryAll(`${task}0`, headers))
    );
    check(
      `a client ${who} gets 401 for every request, and none reaches an object`,
      [statuses, requests],
      [Array(9).fill(401), 0],
    );
  }
  const refused = await request(task);
  check("the response 401 names the scheme", [
    refused.headers.get("WWW-Authenticate"),
    (await refused.json()).status,
  ], ["Bearer", 401]);

  const [, , id = ""] = path.split("/");
  const [content, signature] = id.split(".");
  const name = JSON.parse(atob(content.replaceAll("-", "+").replaceAll("_", "/"))).id;
  const forged: Readonly<Record<string, string>> = {
    "with another's content": `${other.split("/")[2].split(".")[0]}.${signature}`,
    "without a signature": `${content}.`,
    "that is cut short": id.slice(0, -1),
    "with a signature that starts alike": `${content}.${signature.slice(0, -2)}AA`,
    "that is the name of its object": name,
    "that is the name of its object, signed as something else": `${btoa(name).replaceAll("=", "")}.${signature}`,
  };
  for (const [what, id] of Object.entries(forged)) {
    let statuses: readonly number[] = [];
    const requests = await reached(async () => statuses = await tryAll(`${url}/tasks/${id}`, authorization("ann")));
    check(`an id ${what} is unknown, and no request with it reaches an object`, [statuses, requests], [
      Array(4).fill(404),
      0,
    ]);
  }

  const thieves: Readonly<Record<string, Record<string, string>>> = {
    "the id of another subject's task": {},
    "that subject in a header": { "X-Task-Subject": "ann" },
    "that subject and the name of the object in headers": { "X-Task-Subject": "ann", "X-Task-Name": name },
  };
  for (const [what, headers] of Object.entries(thieves)) {
    let statuses: readonly number[] = [];
    const requests = await reached(async () => statuses = await tryAll(task, { ...authorization("bob"), ...headers }));
    check(`with ${what}, a client gets 404, and no request reaches an object`, [statuses, requests], [
      Array(4).fill(404),
      0,
    ]);
  }
  const misled = await ask(task, { headers: { "X-Task-Subject": "bob", "X-Task-Name": "other" } });
  check("headers of a client for the object are overwritten", [
    misled.status,
    (await misled.json())._tag,
    await problemOf(task, 1),
  ], [200, "Completed", null]);

  const mine = await listen(`${task}/events`), others = await listen(`${url}${other}/events`);
  check("both tasks have had several statuses", [mine.events.length > 1, others.events.length > 1], [true, true]);
  for (const { id, tag } of others.events) {
    check(
      `the id of another task's event ${tag} does not skip anything`,
      (await listen(`${task}/events`, id)).events,
      mine.events,
    );
    const headers = { "If-None-Match": `"${id}"` };
    check("nor is it a tag of this task's status", await statusOf(task, { headers }), 200);
  }
  check("the id of a task's own final event ends its stream", await listen(`${task}/events`, mine.events.at(-1)?.id), {
    status: 204,
    events: [],
    whole: true,
  });

  const before = submissions();
  const foreign = { ...authorization(), "Origin": FOREIGN };
  const preflight = { "Origin": ORIGIN, "Access-Control-Request-Method": "POST" };
  let statuses: readonly number[] = [];
  const requests = await reached(async () => {
    statuses = [await submitAs(foreign), await submitAs({ ...foreign, "Sec-Fetch-Site": "cross-site" })];
    statuses = [...statuses, ...await tryAll(task, foreign)];
    for (const Origin of [FOREIGN, "null", ORIGIN]) {
      const options = await request(`${url}/tasks`, { method: "OPTIONS", headers: { ...preflight, Origin } });
      statuses = [...statuses, options.status];
    }
  });
  check(
    "requests of pages of other origins get 403, preflight requests are answered, and none of them reaches an object",
    [statuses, requests, submissions() - before],
    [[...Array(8).fill(403), 204], 0, 0],
  );
  const cors = async (init: RequestInit): Promise<unknown> => {
    const { status, headers, body } = await request(task, init);
    await body?.cancel();
    return [status, headers.get("Access-Control-Allow-Origin"), headers.get("Vary")];
  };
  check("a page of a listed origin can read the responses, even those that refuse a request", [
    await cors({ headers: { ...authorization(), Origin: ORIGIN } }),
    await cors({ headers: { Origin: ORIGIN } }),
    await cors({ method: "PUT", headers: { ...authorization(), Origin: ORIGIN } }),
  ], [[200, ORIGIN, "Origin"], [401, ORIGIN, "Origin"], [405, ORIGIN, "Origin"]]);

  const paths = await Promise.all(Array.from({ length: 5 }, () => send(url, 4)));
  check("five simultaneous requests with the same Idempotency-Key have one task", [
    new Set(paths).size,
    submissions() - before,
  ], [1, 1]);
  const locationOf = async (client: Client, headers: Record<string, string>): Promise<string | null> => {
    const response = await post(url, 4, { ...authorization(client), ...headers });
    await response.body?.cancel();
    return response.headers.get("Location");
  };
  const distinct = new Set([
    paths[0],
    await locationOf("bob", {}),
    await locationOf("ann", { "Idempotency-Key": "another" }),
  ]);
  check("another subject or key has another task", [distinct.size, submissions() - before], [3, 3]);

  const session = await ask(`${url}/session`, { method: "POST" });
  const cookie = session.headers.get("Set-Cookie") ?? "";
  check("a key is exchanged for a cookie that scripts and other sites cannot use", [session.status, cookie], [
    204,
    `__Host-key=${keyOf("ann")}; Path=/; Secure; HttpOnly; SameSite=Strict`,
  ]);
  const withCookie = { "Cookie": `a=b; ${cookie.split(";")[0]}; c=d` };
  check("an EventSource reads the events of a task with the cookie", [
    await eventsWith(`${task}/events`, withCookie),
    await submitAs({ ...withCookie, "Origin": FOREIGN }),
  ], [mine.events.map(({ tag }) => tag), 403]);
  const anonymous = await request(`${url}/session`, { method: "POST" });
  const end = await request(`${url}/session`, { method: "DELETE" });
  check("no key, no cookie; and the cookie can be deleted", [
    anonymous.status,
    anonymous.headers.get("Set-Cookie"),
    end.headers.get("Set-Cookie"),
    await statusOf(`${url}/session`),
  ], [401, null, "__Host-key=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict", 405]);

  checkLog(runtime);
  const without: Record<string, readonly number[]> = {};
  const silent = await reached(async () => {
    for (const name of ["OCR_CLIENT_ID", "OCR_CLIENT_SECRET", "SIGNING_SECRET", "API_KEYS"]) {
      const start = `${url}/without/${name}`;
      without[name] = [
        ...await tryAll(start + path, authorization()),
        await statusOf(`${start}/session`),
        await statusOf(start),
      ];
    }
  });
  check("without one of its secrets, the Worker serves nothing", [Object.values(without), silent], [
    Array(4).fill(Array(6).fill(503)),
    0,
  ]);
  await until("The log names the secret", 5000, () => /Secrets are missing: API_KEYS\./.test(runtime.log()));
  await runtime.close();
  await service.close();
}

/** Returns the tags of the events that a client with other headers receives. */
async function eventsWith(url: string, headers: HeadersInit): Promise<readonly string[]> {
  const text = await (await request(url, { headers })).text();
  return Array.from(text.matchAll(/^data: (.*)$/gm), ([, data]) => JSON.parse(data)._tag);
}
