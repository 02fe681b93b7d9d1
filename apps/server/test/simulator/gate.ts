import type { Turns } from "./turns.ts";

export interface GateHooks {
  /** Before the call is carried out; an error of it is the call's, and nothing was done. */
  before(name: string): void;
  after?(name: string, result: unknown): Promise<void>;
}

type Method = (...values: unknown[]) => unknown;

/** A port whose every call waits for its turn. Names in `direct` are answered at once. */
export function gate<Port extends object>(
  port: Port,
  options: { name: string; turns: Turns; hooks: GateHooks; direct?: readonly string[] },
): Port {
  const { name, turns, hooks, direct = [] } = options;
  const call = (method: Method, full: string, values: unknown[]) => {
    const work = async () => {
      hooks.before(full);
      const result = await method.apply(port, values);
      await hooks.after?.(full, result);
      return result;
    };
    return turns.wait(full).then(() => turns.perform(work));
  };
  return new Proxy(port, {
    get(_target, property) {
      const value: unknown = Reflect.get(port, property);
      if (typeof value !== "function") return value;
      const method = value as Method;
      if (direct.includes(String(property))) return method.bind(port);
      return (...values: unknown[]) => call(method, `${name}.${String(property)}`, values);
    },
  });
}
