/**
 * An ONNX model of one square fp32 matrix multiplication, written by hand: field numbers are those of onnx.proto3
 * (ModelProto 1 ir_version, 7 graph, 8 opset_import; GraphProto 1 node, 2 name, 11 input, 12 output).
 */
export function matmulModel(size: number): Uint8Array {
  const node = message([1, text("a")], [1, text("b")], [2, text("c")], [4, text("MatMul")]);
  const value = (name: string) => {
    const dimension = message([1, size]);
    const shape = message([1, dimension], [1, dimension]);
    return message([1, text(name)], [2, message([1, message([1, 1], [2, shape])])]);
  };
  const graph = message(
    [1, node],
    [2, text("matmul")],
    [11, value("a")],
    [11, value("b")],
    [12, value("c")],
  );
  return message([1, 8], [7, graph], [8, message([2, 17])]);
}

type Field = readonly [number, number | Uint8Array];

function message(...fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  for (const [number, value] of fields) {
    if (typeof value === "number") bytes.push(...varint(number << 3), ...varint(value));
    else bytes.push(...varint((number << 3) | 2), ...varint(value.length), ...value);
  }
  return Uint8Array.from(bytes);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
