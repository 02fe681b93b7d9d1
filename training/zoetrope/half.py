"""Weights stored in 16 bits inside an ONNX file, each with a cast to 32 behind it: half the file, the same arithmetic.

ONNX Runtime casts once, when a session is made.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

# Smaller ones are not worth a cast.
SMALLEST = 256
MARK = "_fp16"


def round_weights(net: nn.Module) -> nn.Module:
    """The net with the numbers that a file in 16 bits will hold."""
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.numel() >= SMALLEST:
                parameter.copy_(parameter.half().float())
    return net


def store(document: onnx.ModelProto) -> onnx.ModelProto:
    """In place: what a rounded net loses nothing by is stored in 16 bits."""
    graph, casts = document.graph, []
    for item in list(graph.initializer):
        value = numpy_helper.to_array(item)
        if value.dtype != np.float32 or value.size < SMALLEST or not np.array_equal(value, value.astype(np.float16)):
            continue
        graph.initializer.remove(item)
        graph.initializer.append(numpy_helper.from_array(value.astype(np.float16), item.name + MARK))
        casts.append(helper.make_node("Cast", [item.name + MARK], [item.name], to=TensorProto.FLOAT))
    _put_nodes(graph, [*casts, *graph.node])
    return document


def widen(document: onnx.ModelProto) -> onnx.ModelProto:
    """In place: `store` taken back."""
    graph = document.graph
    halves = {item.name: item for item in graph.initializer if item.name.endswith(MARK)}
    for name, item in halves.items():
        graph.initializer.remove(item)
        graph.initializer.append(numpy_helper.from_array(numpy_helper.to_array(item).astype(np.float32), name.removesuffix(MARK)))
    _put_nodes(graph, [node for node in graph.node if not (node.op_type == "Cast" and node.input[0] in halves)])
    return document


def _put_nodes(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    nodes = list(nodes)
    del graph.node[:]
    graph.node.extend(nodes)
