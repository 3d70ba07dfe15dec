import type Srf from 'drachtio-srf';

/** How often an engine is asked, and how many questions it may leave unanswered. */
export interface EngineWatchLimits {
  readonly enginePingMs: number;
  readonly engineSilentPings: number;
}

/**
 * Asks an engine again and again whether it is there, from the first attempt to reach it on. A connection over which nothing
 * is answered is closed, so that it is made anew: an engine that hangs, or a network that swallows what is sent, ends no TCP
 * connection for hours, and drachtio-srf's own pings have no end to wait for. Rounds are counted, not time: a program that
 * was stopped itself finds the answers waiting.
 * @param connections those of the framework, at this moment
 * @param silent told whenever an engine has been silent for too long
 * @returns ends it
 */
export function watchEngine(
  limits: EngineWatchLimits,
  connections: () => Srf.Agent | undefined,
  silent: () => void,
): () => void {
  const unanswered = new WeakMap<object, number>();
  /** Stands for the connection that is not there yet. */
  const none = {};
  const round = (of: object): boolean => {
    const rounds = unanswered.get(of) ?? 0;
    unanswered.set(of, rounds + 1);
    return rounds < limits.engineSilentPings;
  };
  const timer = setInterval(() => {
    const agent = connections();
    if (agent === undefined) return;
    if (agent.mapServer.size === 0) {
      if (!round(none)) silent();
      return;
    }
    unanswered.delete(none);
    for (const [socket, connection] of agent.mapServer) {
      if (!round(socket)) {
        silent();
        socket.destroy();
      } else if (connection.authenticated) {
        const id = agent.wp.send(socket, 'ping');
        connection.pendingRequests.set(id, () => unanswered.delete(socket));
      }
    }
  }, limits.enginePingMs);
  return () => clearInterval(timer);
}
