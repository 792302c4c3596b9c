/**
 * An emulator that tests call with requests of their own.
 *
 * @module
 */
import { strictEqual as equal } from "node:assert/strict";
import { emulate, type EmulatorOptions } from "../../src/emulator/emulator.ts";
import type { Result } from "../../src/model/response.ts";

export const BASE = "https://api.aspose.cloud";

/** The path of the status of a task of any kind. */
export const STATUS = "/v5.0/ocr/Utilities/GetTaskStatus";

export const pathOf = (name: string): string => `/v5.0/ocr/${name}`;

/** Creates an emulator with an access token. */
export async function openEmulator(options: EmulatorOptions = {}) {
  const service = emulate(options);
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "id", client_secret: "secret" });
  const { access_token } = await (await service(`${BASE}/connect/token`, { method: "POST", body: form })).json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const call = (method: string, path: string, body?: unknown): Promise<Response> =>
    service(BASE + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  const read = async (name: string, id: string) => await (await call("GET", `${pathOf(name)}?id=${id}`)).json();
  const submit = async (name: string, settings: unknown = {}): Promise<string> => {
    const response = await call("POST", pathOf(name), { image: "AQID", settings });
    const id = await response.text();
    equal(response.status, 200, id);
    await settle();
    return id;
  };
  return {
    service,
    call,
    read,
    submit,
    /** Submits a task and returns the response about it. */
    run: async (name: string, settings?: unknown) => read(name, await submit(name, settings)),
    /** Submits a body that is not accepted, and returns the detail of the problem. */
    refuse: async (name: string, body: unknown, status = 400): Promise<string> => {
      const response = await call("POST", pathOf(name), body);
      const text = await response.text();
      equal(response.status, status, text);
      return JSON.parse(text).detail;
    },
  };
}

/** Waits until all promises that can settle have settled. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The response about a completed task. */
export function completed(id: string, results: readonly Result[]): unknown {
  const responseStatusCode = results.length === 0 ? "NoAnyResultData" : "Ok";
  return { id, responseStatusCode, taskStatus: "Completed", results, error: null };
}

/** The response about a task that failed. */
export function failed(id: string, message: string): unknown {
  const error = { messages: [message], warnings: null };
  return { id, responseStatusCode: "Error", taskStatus: "Error", results: null, error };
}
