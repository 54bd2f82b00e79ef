// Whom this page can call: written by the command that serves it.

/** The addresses of the demo. */
export interface Directory {
  readonly agent: { readonly url: string; readonly did: string };
  /** Where somebody with another key answers in the agent's name. */
  readonly impostor: { readonly url: string };
  /** Version of the package. */
  readonly version: string;
}

/** Asks the server for the addresses. */
export async function loadDirectory(): Promise<Directory> {
  const response = await fetch('/directory.json');
  if (!response.ok) throw new Error(`the demo's server answered ${response.status}`);
  return (await response.json()) as Directory;
}
