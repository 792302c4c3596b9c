/**
 * Explains failures in a few words.
 *
 * @module
 */

const REASONS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EDQUOT", "the disk quota is exceeded"],
  ["EIO", "input/output error"],
  ["EISDIR", "it is a folder"],
  ["ELOOP", "its symbolic links form a loop"],
  ["ENAMETOOLONG", "its name is too long"],
  ["ENOENT", "there is no such file"],
  ["ENOSPC", "no space is left on the disk"],
  ["ENOTDIR", "a part of its path is not a folder"],
  ["EPERM", "permission denied"],
  ["EPIPE", "the reader has closed it"],
  ["EROFS", "the file system is read-only"],
  ["ERR_FS_FILE_TOO_LARGE", "it is too large"],
]);

/**
 * Returns the reason of a failure as a clause, such as `there is no such file`. The message of an error that is not one
 * of the system is taken for a clause.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && !("code" in error)) return error.message;
  const code = codeOf(error);
  return REASONS.get(code) ?? code;
}

/** The code of a system error, or the text of any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
