"""Reads the receptive field of every layer off a network's graph (torch.fx)."""

from torch import fx, nn

from helpers.models.vision.cnn import Field

WINDOW = nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d
SAME_PLACE = {
    *("BatchNorm2d", "ReLU", "ReLU6", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid"),
    *("Tanh", "Identity", "Dropout", "Dropout2d", "relu", "leaky_relu", "gelu", "silu"),
    *("sigmoid", "tanh", "dropout", "add", "iadd", "sub", "mul", "cat"),
}
WHOLE_PICTURE = {"AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "Flatten", "Linear"} | {
    *("adaptive_avg_pool2d", "flatten", "mean", "amax"),
}


def read_fields(model: nn.Module) -> dict[str, Field]:
    """Return the field after every layer of a network, by name, in calling order.

    Walks the graph; where branches meet, the largest field counts. Leaves out layers
    whose units see the whole picture. ValueError for a layer that it cannot read.
    """
    fields: dict[str, Field | None] = {}  # None: the whole picture
    layers = dict(model.named_modules())
    for node in fx.symbolic_trace(model).graph.nodes:
        before = [fields[n.name] for n in node.all_input_nodes if n.name in fields]
        if node.op == "placeholder":
            fields[node.name] = Field()
        elif before and node.op != "output":
            layer = layers[node.target] if node.op == "call_module" else node.target
            name = getattr(layer, "__name__", type(layer).__name__)
            name = layer if isinstance(layer, str) else name
            whole = None in before or name in WHOLE_PICTURE
            widest = None if whole else max(before, key=lambda field: field.size)
            fields[node.name] = None if whole else field_after(widest, layer, name)
    return {name: field for name, field in fields.items() if field}


def field_after(field: Field, layer: object, name: str) -> Field:
    """Return the field after one layer, given the field before it."""
    if isinstance(layer, WINDOW):
        return field.grow(*window(layer))
    if name in SAME_PLACE:
        return field
    text = f"the receptive field of {name} is not known: build the network from layers"
    raise ValueError(f"{text} such as nn.Conv2d, nn.MaxPool2d and nn.ReLU")


def window(layer: nn.Module) -> tuple[int, int, int, int]:
    """Return (kernel, stride, padding, dilation) of a square convolution or pool."""
    numbers = []
    for name in ("kernel_size", "stride", "padding", "dilation"):
        value = getattr(layer, name, 1)
        value = 0 if value == "valid" else value
        value = (value, value) if isinstance(value, int) else value
        if value == "same":
            raise ValueError("padding='same' is not read: give the number of pixels")
        if len(set(value)) > 1:
            raise ValueError(f"{name}={value} is not square")
        numbers.append(value[0])
    return tuple(numbers)
