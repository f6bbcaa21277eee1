"""Depth of the autograd graph: how many operations must run one after another."""

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from helpers.core.errors import UserError

LEAF = "torch::autograd::AccumulateGrad"  # a parameter or an input, no operation


def longest_chain(output: Tensor) -> int:
    """Return the depth of the autograd graph of `output`: the number of operations on
    its longest path, leaves not counted.

    Whatever autograd records is one operation: a view, a sum of many numbers, and all
    of torch.nn.LSTM, whose kernel hides its steps. Raises UserError when nothing was
    recorded.
    """
    if not output.requires_grad:
        raise UserError(
            "Nothing was recorded: the output needs a parameter, or an input with "
            "requires_grad, and no torch.no_grad()."
        )
    lengths = {None: 0}  # of the longest path that ends at a node
    stack = [output.grad_fn]  # not recursion: a long text's graph is too deep for it
    while stack:
        node = stack.pop()
        if node in lengths:
            continue
        before = operations_before(node)
        if waiting := [each for each in before if each not in lengths]:
            stack += [node, *waiting]
        else:
            lengths[node] = 1 + max((lengths[each] for each in before), default=0)
    return lengths[output.grad_fn]


def operations_before(node: Node) -> list[Node]:
    """Return the operations whose outputs are inputs of a node."""
    nodes = (each for each, _ in node.next_functions)
    return [each for each in nodes if each is not None and each.name() != LEAF]


def sequential_operations(layer: nn.Module, length: int, channels: int, *others) -> int:
    """Return the longest chain of operations in a layer that reads one sequence,
    (1, length, channels), and whatever else it is given, such as a mask.

    What the layer returns is a tensor or a tuple with its outputs first. Only shapes
    matter: on the meta device nothing is computed.
    """
    parameter = next(layer.parameters())
    x_btc = torch.zeros(1, length, channels).to(parameter).requires_grad_()
    output = layer(x_btc, *others)
    return longest_chain(output if isinstance(output, Tensor) else output[0])
