// Ports for tests whose subject does not use them: a use is an error or finds nothing.

import type { Connector, Secrets } from "../../src/ports.ts";

export const NO_CONNECTOR: Connector = { connect: () => Promise.reject(new Error("this test opens no connection")) };

export const NO_SECRETS: Secrets = { get: () => null };
