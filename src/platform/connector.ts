// The Connector port: the one place that opens a TCP connection. For health checks only; visitors' requests go through fetch.

import { connect } from "cloudflare:sockets";
import type { Connector } from "../ports.ts";

export const platformConnector: Connector = {
  async connect(hostname, port, signal) {
    const socket = connect({ hostname, port });
    // What becomes of the connection afterwards says nothing about the check.
    socket.closed.catch(() => undefined);
    const close = (): void => void socket.close().catch(() => undefined);
    // A connection that is never accepted would keep one of the run's six places.
    signal.addEventListener("abort", close);
    try {
      await socket.opened;
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  },
};
