// UDP's ports.

import { PortSpace } from "../transport/ports";

export const ports: PortSpace = new PortSpace(true);
