/** A minimal client for server-sent events. Source: HTML Standard, "Server-sent events". */
import { authorization } from "./keys.ts";

export interface SentEvent {
  readonly id: string;
  readonly tag: string;
}

/** The events that a client received, and how the stream ended. */
export interface Session {
  readonly status: number;
  readonly events: readonly SentEvent[];
  /** Whether the server ended the stream. */
  readonly whole: boolean;
}

/** Reads events until `enough` returns true, the stream ends, or 30 seconds have passed, then closes the connection. */
export async function listen(
  url: string,
  lastEventId: string | null = null,
  enough: (events: readonly SentEvent[]) => boolean = () => false,
): Promise<Session> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 30_000);
  // The local runtime does not notice that a client disconnects while it compresses a response.
  const place: Record<string, string> = lastEventId === null ? {} : { "Last-Event-ID": lastEventId };
  const headers = { ...authorization(), "Accept-Encoding": "identity", ...place };
  const events: SentEvent[] = [];
  let status = 0;
  try {
    const response = await fetch(url, { headers, signal: controller.signal });
    status = response.status;
    let text = "";
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (text + piece).split("\n\n");
      text = blocks.pop() ?? "";
      events.push(...blocks.filter((block) => /^data:/m.test(block)).map(toEvent));
      if (enough(events)) return { status, events, whole: false };
    }
    return { status, events, whole: true };
  } catch {
    return { status, events, whole: false };
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

function toEvent(block: string): SentEvent {
  const [, id = "", data = "null"] = /^id: ([\w.-]+)\ndata: (.*)$/.exec(block) ?? [];
  return { id, tag: JSON.parse(data)?._tag ?? `not an event: ${block}` };
}
