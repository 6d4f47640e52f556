/**
 * The sockets of a server, so that closing it waits for answers that are under way and for nothing else.
 *
 * An HTTP server counts a connection that has not sent its first request as busy, and one that was
 * upgraded not at all; left to itself, closing would wait for either until somebody cuts it.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type ServerSockets = {
  /** From now on connections are ended as they come. */
  refuse(): void;
  /** Ends each connection that no answer is owed to now, and every other one after its answer. */
  endIdle(): void;
  /** Ends all connections now. */
  cut(): void;
};

export function trackSockets(server: Server): ServerSockets {
  /** With the number of requests under way; an upgraded connection has none. */
  const underWay = new Map<Socket, number>();
  let refusing = false;
  let ending = false;

  server.on('connection', (socket: Socket) => {
    if (refusing) {
      socket.destroy();
      return;
    }
    underWay.set(socket, 0);
    socket.once('close', () => underWay.delete(socket));
  });

  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const change = (by: number): number => {
      const requests = (underWay.get(socket) ?? 0) + by;
      if (underWay.has(socket)) underWay.set(socket, requests);
      return requests;
    };
    change(1);
    response.once('close', () => {
      if (change(-1) === 0 && ending) socket.destroySoon();
    });
  });

  return {
    refuse: () => {
      refusing = true;
    },
    endIdle: () => {
      ending = true;
      for (const [socket, requests] of underWay) if (requests === 0) socket.destroySoon();
    },
    cut: () => {
      for (const socket of underWay.keys()) socket.destroy();
    },
  };
}
