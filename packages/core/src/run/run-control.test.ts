import { describe, expect, it } from "vitest";
import { RunControl } from "./run-control.ts";
import { StopReason } from "./stop-reason.ts";

describe("RunControl", () => {
  it("a stop that the steps were ended for is not withdrawn: the take must not go on to its clip without its last steps", () => {
    const control = new RunControl();
    control.enterSteps();
    control.stopAfterStep(new StopReason("paused"));
    expect(control.endSteps()).toBe(true);
    control.withdraw("paused");
    expect(() => control.leaveSteps()).toThrow(StopReason);
  });

  it("a stop that is withdrawn before the end of its step does not happen", () => {
    const control = new RunControl();
    control.enterSteps();
    control.stopAfterStep(new StopReason("paused"));
    control.withdraw("paused");
    expect(control.endSteps()).toBe(false);
    control.leaveSteps();
    expect(control.signal.aborted).toBe(false);
  });
});
