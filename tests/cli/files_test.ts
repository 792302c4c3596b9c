import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import { chmod, link, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import process from "node:process";
import { checkTarget, type Target } from "../../src/cli/files.ts";
import { PAGE } from "./run.ts";
import { withFolder } from "../files/folder.ts";

function target(checked: E.Either<string, Target>): Target {
  if (E.isLeft(checked)) throw new Error(checked.left);
  return checked.right;
}

Deno.test("checkTarget() rejects every path to the image's own file", () =>
  withFolder(async (folder) => {
    const image = `${folder}/scan.jpg`;
    await writeFile(image, "scan");
    await symlink("scan.jpg", `${folder}/symbolic.svg`);
    await symlink("symbolic.svg", `${folder}/twice.svg`);
    await link(image, `${folder}/hard.svg`);
    await symlink(folder, `${folder}/here`);
    await symlink("scan.jpg", `${folder}/linked.jpg`);
    const files = [
      image,
      `${folder}/./scan.jpg`,
      `${folder}/here/scan.jpg`,
      `${folder}/here/../${folder.split("/").at(-1)}//scan.jpg`,
      relative(process.cwd(), image),
      `${folder}/symbolic.svg`,
      `${folder}/twice.svg`,
      `${folder}/hard.svg`,
    ];
    for (const source of [image, `${folder}/linked.jpg`, `${folder}/hard.svg`]) {
      for (const file of files) {
        const expected = E.left(`Cannot write the drawing ${file}: it is the file of the image itself.`);
        deepEqual(await checkTarget("drawing", file, source), expected);
      }
    }
    equal(await readFile(image, "utf8"), "scan");
  }));

Deno.test("checkTarget() rejects paths that cannot be written and leaves nothing behind", () =>
  withFolder(async (folder) => {
    await writeFile(`${folder}/file`, "");
    await symlink("nowhere", `${folder}/dangling.svg`);
    await symlink("circle.svg", `${folder}/circle.svg`);
    await mkdir(`${folder}/sub`);
    const before = await readdir(folder);
    const cases: readonly (readonly [file: string, reason: RegExp])[] = [
      [folder, /it is a folder$/],
      [`${folder}/new/`, /it is a folder$/],
      [`${folder}/sub`, /it is a folder$/],
      [`${folder}/file/x.svg`, /a part of its path is not a folder$/],
      [`${folder}/file/new/x.svg`, /a part of its path is not a folder$/],
      [`${folder}/dangling.svg`, /it is a link to a file that does not exist$/],
      [`${folder}/circle.svg`, /its symbolic links form a loop$/],
      [`${folder}/${"x".repeat(300)}.svg`, /its name is too long$/],
    ];
    for (const [file, reason] of cases) {
      const checked = await checkTarget("drawing", file, null);
      if (E.isRight(checked)) throw new Error(`${file} was accepted`);
      ok(checked.left.startsWith(`Cannot write the drawing ${file}: `) && checked.left.endsWith("."), checked.left);
      match(checked.left.slice(0, -1), reason);
    }
    for (const file of [`${folder}/x.svg`, `${folder}/new/deep/x.svg`, `${folder}/file`]) {
      ok(E.isRight(await checkTarget("drawing", file, PAGE)), file);
    }
    deepEqual(await readdir(folder), before);
  }));

Deno.test({
  name: "checkTarget() rejects a read-only folder",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: () =>
    withFolder(async (folder) => {
      await mkdir(`${folder}/locked`);
      await writeFile(`${folder}/locked/x.svg`, "old");
      await chmod(`${folder}/locked`, 0o555);
      for (const file of [`${folder}/locked/x.svg`, `${folder}/locked/new/x.svg`]) {
        deepEqual(
          await checkTarget("drawing", file, null),
          E.left(`Cannot write the drawing ${file}: permission denied.`),
        );
      }
      await chmod(`${folder}/locked`, 0o755);
    }),
});

Deno.test({
  name: "checkTarget() rejects a folder in which no file can be created",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const file of ["/proc/x.svg", "/proc/new/x.svg"]) {
      const checked = await checkTarget("drawing", file, null);
      ok(E.isLeft(checked) && checked.left.startsWith(`Cannot write the drawing ${file}: `));
    }
  },
});

Deno.test("a target is written as a whole, in new folders, through links, and keeps its permissions", () =>
  withFolder(async (folder) => {
    const fresh = target(await checkTarget("drawing", `${folder}/new/deep/x.svg`, null));
    deepEqual(await fresh.write("fresh"), E.right(undefined));
    equal(await readFile(`${folder}/new/deep/x.svg`, "utf8"), "fresh");
    deepEqual(await readdir(`${folder}/new/deep`), ["x.svg"]);

    await writeFile(`${folder}/private.svg`, "old");
    await chmod(`${folder}/private.svg`, 0o600);
    await symlink("private.svg", `${folder}/link.svg`);
    deepEqual(await target(await checkTarget("drawing", `${folder}/link.svg`, null)).write("new"), E.right(undefined));
    equal(await readFile(`${folder}/private.svg`, "utf8"), "new");
    if (Deno.build.os !== "windows") equal((await stat(`${folder}/private.svg`)).mode & 0o777, 0o600);
    deepEqual((await readdir(folder)).sort(), ["link.svg", "new", "private.svg"]);
  }));

Deno.test({
  name: "a target that is a pipe or a device is written to, not replaced",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      const pipe = `${folder}/pipe`;
      equal((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
      const { write } = target(await checkTarget("drawing", pipe, PAGE));
      deepEqual(await Promise.all([readFile(pipe, "utf8"), write("text")]), ["text", E.right(undefined)]);
      ok((await stat(pipe)).isFIFO());
    }),
});

/** A file system of 64 kB; null if this process must not mount one. */
async function mountSmall(folder: string): Promise<(() => Promise<void>) | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return null;
  const mount = new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder],
    stderr: "null",
  });
  if (!(await mount.output()).success) return null;
  return async () => void await new Deno.Command("umount", { args: [folder] }).output();
}

Deno.test("a full disk leaves the old file unchanged and no partial new file", () =>
  withFolder(async (folder) => {
    const unmount = await mountSmall(folder);
    if (unmount === null) return;
    try {
      await writeFile(`${folder}/old.svg`, "old");
      for (const file of ["old.svg", "new.svg"]) {
        const written = await target(await checkTarget("drawing", `${folder}/${file}`, null)).write(
          "x".repeat(100_000),
        );
        deepEqual(written, E.left("no space is left on the disk"));
      }
      deepEqual(await readdir(folder), ["old.svg"]);
      equal(await readFile(`${folder}/old.svg`, "utf8"), "old");
    } finally {
      await unmount();
    }
  }));
