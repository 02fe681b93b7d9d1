import { ENDPOINTS, FabricError, type Endpoint, type Operation } from "@arc-fabric/contract";

export interface AddressInput {
  readonly params?: object | undefined;
  readonly query?: object | undefined;
}

/** @returns the address without a slash at its end. @throws FabricError `invalid_request` when it is not an http address */
export function normaliseBaseUrl(baseUrl: string): string {
  if (baseUrl === "") return "";
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new FabricError(
      "invalid_request",
      `"${baseUrl}" is not a server address; it looks like http://127.0.0.1:8000.`,
      {
        details: { field: "baseUrl", value: baseUrl },
      },
    );
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

export function endpointOf(operation: Operation): Endpoint {
  return ENDPOINTS[operation];
}

/** The address of an operation with its parameters filled in. */
export function addressOf(baseUrl: string, operation: Operation, input: AddressInput): string {
  const params = (input.params ?? {}) as Record<string, unknown>;
  const path = endpointOf(operation).path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === "")
      throw new FabricError("invalid_request", `${operation} needs "${name}".`, {
        details: { field: name },
      });
    return encodeURIComponent(String(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {}))
    if (value !== undefined) query.set(name, String(value));
  return query.size > 0 ? `${baseUrl}${path}?${query}` : baseUrl + path;
}
