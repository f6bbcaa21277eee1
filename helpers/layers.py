"""PyTorch's recurrent layers, by a short name."""

from torch import nn

from helpers.models.lstm import set_forget_bias

KINDS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


def recurrent(kind: str, inputs: int = 32, hidden: int = 64) -> nn.Module:
    """Return a new layer, batch first: "RNN", "GRU", "LSTM", or "LSTM 3" for one whose
    forget gates have bias 3. Raises ValueError for another name."""
    name, _, bias = kind.partition(" ")
    if name not in KINDS or (bias and name != "LSTM"):
        raise ValueError(f"{kind!r} is none of RNN, GRU, LSTM, LSTM with a bias")
    layer = KINDS[name](inputs, hidden, batch_first=True)
    return set_forget_bias(layer, float(bias)) if bias else layer
