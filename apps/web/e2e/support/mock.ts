import { startMockServer, type MockServer } from "../../mock/mock-server.ts";
import { seedLibrary } from "../../mock/seed.ts";
import { World } from "../../mock/world.ts";
import { builtStudio } from "./built-studio.ts";

export interface Mock {
  world: World;
  server: MockServer;
}

export interface MockOptions {
  takes: number;
  stepMs?: number;
  token?: string;
}

/** The built studio on a mock with `takes` old takes. */
export async function startMock({ takes, stepMs = 120, token }: MockOptions): Promise<Mock> {
  const world = new World({ stepMs, phaseMs: 50 });
  seedLibrary(world, takes);
  const server = await startMockServer({
    world,
    port: 0,
    studio: await builtStudio(),
    ...(token && { token }),
  });
  return { world, server };
}
