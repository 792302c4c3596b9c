/** The keys of the example's clients. */

export type Client = "ann" | "bob";

const KEYS: Readonly<Record<Client, string>> = {
  ann: "0123456789abcdef0123456789abcdef",
  bob: "fedcba9876543210fedcba9876543210",
};

/** The secret with all keys. */
export const API_KEYS = Object.entries(KEYS).map(([client, key]) => `${client}:${key}`).join(" ");

/** Returns the header that authorizes a client. */
export function authorization(client: Client = "ann"): { readonly Authorization: string } {
  return { Authorization: `Bearer ${KEYS[client]}` };
}

/** Returns the key of a client. */
export function keyOf(client: Client): string {
  return KEYS[client];
}
