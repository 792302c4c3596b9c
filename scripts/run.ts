/** Runs Deno itself, the same that runs this; the result is its exit status. */
export async function run(args: readonly string[]): Promise<number> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args] }).spawn().status;
  return code;
}
