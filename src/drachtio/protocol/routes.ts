import type { Client } from './client.ts';

/**
 * Which application gets a request outside a dialog: round robin per verb over the connections that routed it
 * (drachtio-protocol 1.3, 3.1). Routing a verb twice counts once.
 */
export class Routes {
  readonly #byVerb = new Map<string, { clients: Client[]; next: number }>();

  add(verb: string, client: Client): void {
    const route = this.#byVerb.get(verb);
    if (route === undefined) {
      this.#byVerb.set(verb, { clients: [client], next: 0 });
    } else if (!route.clients.includes(client)) {
      route.clients.push(client);
    }
  }

  remove(verb: string, client: Client): void {
    const route = this.#byVerb.get(verb);
    const index = route?.clients.indexOf(client) ?? -1;
    if (route === undefined || index === -1) {
      return;
    }
    route.clients.splice(index, 1);
    // The rotation goes on with the connection whose turn it was.
    if (index < route.next) {
      route.next -= 1;
    }
    if (route.clients.length === 0) {
      this.#byVerb.delete(verb);
    }
  }

  removeClient(client: Client): void {
    for (const verb of this.#byVerb.keys()) {
      this.remove(verb, client);
    }
  }

  /** The connection whose turn it is, or null where no application wants this method. */
  pick(verb: string): Client | null {
    const route = this.#byVerb.get(verb);
    if (route === undefined) {
      return null;
    }
    const index = route.next % route.clients.length;
    route.next = index + 1;
    return route.clients[index] ?? null;
  }
}
