import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as E from "fp-ts/lib/Either.js";
import type { Permission } from "../../src/cli/cli.ts";
import { submitImage } from "../../src/client/operations.ts";
import { connect } from "../../src/client/service.ts";
import { emulate } from "../../src/emulator/emulator.ts";
import { UNTRUSTED } from "../faults/untrusted.ts";
import { against, ID, PAGE, PAIR, run } from "./run.ts";

const ROOT = new URL("../../", import.meta.url);

/** One row of the table of permissions. */
interface Use {
  readonly args: string;
  readonly flags: readonly string[];
}

/** The table "Permissions" of the guide. */
async function readUses(): Promise<readonly Use[]> {
  const text = await Deno.readTextFile(new URL("docs/command-line.md", ROOT));
  const [, section] = text.split("\n## Permissions\n");
  return [...section.matchAll(/^\| `(.+?)` +\| (.+?) +\|$/gm)].map(([, args, cell]) => ({
    args,
    flags: [...cell.matchAll(/`(--allow-.+?)`/g)].map(([, flag]) => flag),
  }));
}

/** A folder with an image, and the sources on a server, as the modules of JSR are. */
interface World {
  readonly id: string;
  /** Runs the program. */
  readonly run: (
    flags: readonly string[],
    args: string,
  ) => Promise<readonly [code: number, stdout: string, stderr: string]>;
  /** What is in the folder. */
  readonly list: () => Promise<readonly string[]>;
  readonly requests: readonly string[];
}

/** Everything that the uses need: the guide's names stand for what is really there. */
async function withWorld(test: (world: World) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const handle = emulate({ detect: () => Promise.resolve([{ left: 1, top: 2, right: 3, bottom: 4 }]) });
  const requests: string[] = [];
  const service = Deno.serve({ ...UNTRUSTED, port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    requests.push(request.method);
    return handle(request);
  });
  stack.defer(() => service.shutdown());
  const modules = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const file = new URL(`.${new URL(request.url).pathname}`, ROOT);
    return new Response(await Deno.readFile(file), { headers: { "Content-Type": "application/typescript" } });
  });
  stack.defer(() => modules.shutdown());

  // Keeps the modules out of the user's cache, and takes the npm packages from there.
  const { npmCache } = JSON.parse(text((await deno(["info", "--json"])).stdout));
  await mkdir(join(folder, "deno"));
  await symlink(npmCache, join(folder, "deno", "npm"));
  const work = join(folder, "work");
  await mkdir(join(work, "out"), { recursive: true });
  await copyFile(new URL(PAGE, ROOT), join(work, "page.jpg"));
  await writeFile(join(folder, "ca.pem"), UNTRUSTED.cert);

  const submitted = await submitImage(new Uint8Array([1]))(
    connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: handle }),
  )();
  if (E.isLeft(submitted)) throw new Error(submitted.left._tag);
  const host = `127.0.0.1:${service.addr.port}`;
  // The default port may be in use.
  const port = freePort();
  const origin = `127.0.0.1:${modules.addr.port}`;
  const env = { ...PAIR, OCR_BASE_URL: `https://${host}`, DENO_DIR: join(folder, "deno"), NO_COLOR: "1" };
  await test({
    id: submitted.right,
    requests,
    list: () => readdir(work, { recursive: true }),
    run: async (flags, args) => {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-prompt", "--no-lock", "--config", new URL("deno.json", ROOT).pathname],
          ...["--cert", join(folder, "ca.pem"), `--allow-import=${origin}`],
          ...flags.map((flag) => flag.replace("api.aspose.cloud", host).replace("127.0.0.1:8080", `127.0.0.1:${port}`)),
          `http://${origin}/src/cli/bin.ts`,
          ...args.split(" ").map((word) => word === "ID" ? submitted.right : word),
          ...args === "serve" ? ["--port", String(port)] : [],
        ],
        cwd: work,
        env,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const [stdout, stderr] = await Promise.all([
        collect(child.stdout, (said) => said.includes("Press Ctrl-C") && child.kill("SIGTERM")),
        collect(child.stderr, () => {}),
      ]);
      return [(await child.status).code, stdout, stderr];
    },
  });
}

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}

function deno(args: readonly string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), { args: [...args] }).output();
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function collect(stream: ReadableStream<Uint8Array>, heard: (said: string) => unknown): Promise<string> {
  let said = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) heard(said += part);
  return said;
}

Deno.test("each use works with the permissions in the guide, and names each that is missing", () =>
  withWorld(async ({ run, requests, list }) => {
    const uses = await readUses();
    equal(uses.length, 14);
    for (const { args, flags } of uses) {
      const [code, stdout, stderr] = await run(flags, args);
      equal(code, 0, `${args}: ${stderr}${stdout}`);
      const sent = requests.length;
      const files = await list();
      for (const missing of flags) {
        const [code, stdout, stderr] = await run(flags.filter((flag) => flag !== missing), args);
        deepEqual([code, stdout], [2, ""], `${args} without ${missing}: ${stderr}`);
        const [name] = missing.split("=");
        const flag = missing.includes("=") ? `${name}=\\S+` : name;
        match(stderr, RegExp(`^Permission denied\\. Run the program with ${flag} as well\\.\\n$`));
      }
      equal(requests.length, sent, `${args} sent something without a permission`);
      deepEqual(await list(), files);
    }
  }));

/** Denies the permissions of one kind, and writes down all that were asked for. */
function denying(name: Permission["name"] | null): {
  readonly asked: string[];
  readonly permit: (permission: Permission) => Promise<boolean>;
} {
  const asked: string[] = [];
  const permit = (permission: Permission): Promise<boolean> => {
    asked.push(`${permission.name}=${permission.value}`);
    return Promise.resolve(permission.name !== name);
  };
  return { asked, permit };
}

Deno.test("ocr-regions names all denied permissions in one sentence, quoted for a shell", async () => {
  const { stdout, stderr, status } = await run(["detect", "my page.jpg", "scans/*.png", "-o", "a,b"], {
    env: PAIR,
    permit: () => Promise.resolve(false),
  });
  deepEqual([status, stdout], [2, ""]);
  equal(
    stderr,
    "Permission denied. Run the program with '--allow-read=my page.jpg,scans,a,,b' --allow-write=a,,b " +
      "--allow-env=OCR_CLIENT_ID,OCR_CLIENT_SECRET,OCR_BASE_URL as well.\n",
  );
});

Deno.test("ocr-regions asks for the variables of proxies only if the address is plain http", async () => {
  const https = denying("net");
  const env = { ...PAIR, OCR_BASE_URL: "https://ocr.example" };
  equal(
    (await run(["watch", ID], { env, permit: https.permit, heard: (_, stop) => stop() })).stderr,
    "Permission denied. Run the program with --allow-net=ocr.example as well.\n",
  );
  deepEqual(https.asked, [
    ...["env=OCR_CLIENT_ID", "env=OCR_CLIENT_SECRET", "env=OCR_BASE_URL", "net=ocr.example"],
  ]);
  const http = denying(null);
  equal((await against({}, ["watch", ID], { permit: http.permit })).status, 1);
  ok(http.asked.includes("env=HTTP_PROXY") && http.asked.includes("env=no_proxy"), http.asked.join());
});

Deno.test("--last asks for the variables that name the folder of the ids, then for the folder", async () => {
  const { asked, permit } = denying("read");
  const env = { ...PAIR, XDG_STATE_HOME: "/state" };
  const { stderr } = await run(["status", "--last"], { env, permit });
  equal(stderr, "Permission denied. Run the program with --allow-read=/state/ocr-regions as well.\n");
  deepEqual(asked.slice(0, 3), ["env=XDG_STATE_HOME", "env=LOCALAPPDATA", "env=HOME"]);
});

Deno.test("ocr-regions serve and --emulate ask for permission to read the detector's files", async () => {
  const sources = new URL("src/", ROOT).pathname;
  for (const args of [["serve", "--port", "8081"], ["detect", PAGE, "--emulate"]]) {
    const { status, stderr } = await run(args, { permit: denying("read").permit, heard: (_, stop) => stop() });
    equal(status, 2);
    ok(stderr.includes(sources), stderr);
  }
});

Deno.test("ocr-regions read --emulate asks for permission to read everything, since the language may be anywhere", async () => {
  const { status, stderr } = await run(["read", PAGE, "--emulate", "--out", "out"], {
    permit: denying("read").permit,
  });
  deepEqual([status, stderr], [2, "Permission denied. Run the program with --allow-read as well.\n"]);
});

Deno.test("ocr-regions serve asks for permission to use its address, or all addresses if the host is a name", async () => {
  const cases = [["127.0.0.1", "=127.0.0.1:8081"], ["::1", "=[::1]:8081"], ["localhost", ""]];
  for (const [host, value] of cases) {
    const { status, stderr } = await run(["serve", "--port", "8081", "--host", host], {
      permit: denying("net").permit,
      heard: (_, stop) => stop(),
    });
    equal(status, 2);
    const flag = `--allow-net${value}`;
    equal(stderr, `Permission denied. Run the program with ${value.includes("[") ? `'${flag}'` : flag} as well.\n`);
  }
});

Deno.test("without --allow-net, a watch and a submission end at once as PermissionDenied", async () => {
  const script = `
    import { connect, detectRegions, watchRegions } from "${new URL("mod.ts", ROOT)}";
    const service = connect({ token: "token", onRetry: () => console.log("retry") });
    for (const statuses of [watchRegions("${ID}"), detectRegions(new Uint8Array([1]))]) {
      await statuses(service).forEach(({ left }) => console.log(left._tag, left.call, left.cause));
    }
    Deno.exit(); // Deno 2.9 keeps the stream of a Blob open whose request was not permitted.
  `;
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  await Deno.writeTextFile(file, script);
  const config = new URL("deno.json", ROOT).pathname;
  const { stdout, stderr } = await deno(["run", "--quiet", "--no-prompt", "--no-lock", `--config=${config}`, file]);
  await Deno.remove(file);
  const cause = 'Requires net access to "api.aspose.cloud:443", run again with the --allow-net flag';
  equal(text(stdout), `PermissionDenied fetch ${cause}\nPermissionDenied submit ${cause}\n`, text(stderr));
});
