import { EventEmitter } from "node:events";
import { decodeLiveFrame, type LiveFrame, type TakeId } from "@arc-fabric/contract";
import { expect, it } from "vitest";
import { createLogger } from "../process/logger.ts";
import { createSystem } from "../process/system.ts";
import { type LiveViewerDeps, showTake, type ViewerSocket } from "./live-viewer.ts";

const TAKE = "take_00000000000000000000000000" as TakeId;
const frame = (kind: LiveFrame["kind"], frameIndex: number): LiveFrame => ({
  kind,
  codec: "jpeg",
  frameIndex,
  frameCount: 9,
  step: 1,
  producedAtMs: 0,
  fps: 8,
  data: new Uint8Array(4),
});

/** A socket whose network takes nothing while `buffered` is what waits in it. */
class SlowSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: LiveFrame[] = [];
  terminated = false;
  send(bytes: Uint8Array) {
    this.sent.push(decodeLiveFrame(bytes)!);
  }
  close() {}
  ping() {}
  terminate() {
    this.terminated = true;
  }
}

function setUp() {
  const socket = new SlowSocket();
  let show: (frame: LiveFrame) => void = () => {};
  const deps = {
    engine: { live: { watch: (_id: TakeId, viewer: typeof show) => ((show = viewer), () => {}) } },
    store: { getTake: async () => ({ status: "running" }), subscribe: () => () => {} },
    system: createSystem(),
    logger: createLogger({ level: "silent", pretty: false, write: () => {}, secrets: [] }),
    stopping: new AbortController().signal,
  } as unknown as LiveViewerDeps;
  showTake(deps, socket as unknown as ViewerSocket, TAKE);
  return { socket, show: (value: LiveFrame) => show(value) };
}

it("a slow viewer skips previews but no finished frame", () => {
  const { socket, show } = setUp();
  show(frame("preview", 0));
  socket.bufferedAmount = 1 << 20;
  show(frame("preview", 1));
  show(frame("frame", 0));
  socket.bufferedAmount = 0;
  show(frame("preview", 2));
  expect(socket.sent.map(({ kind, frameIndex }) => `${kind} ${frameIndex}`)).toEqual([
    "preview 0",
    "frame 0",
    "preview 2",
  ]);
  socket.emit("close");
});

it("a viewer that takes nothing at all is let go before it costs more memory", () => {
  const { socket, show } = setUp();
  socket.bufferedAmount = 65 << 20;
  show(frame("frame", 0));
  expect([socket.sent.length, socket.terminated]).toEqual([0, true]);
  socket.emit("close");
});
