"""A prompt under the lens: candidates for the next token, how they arise layer by
layer, and what one head looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.analysis.head_ablation import kept_weights
from helpers.core.errors import UserError
from helpers.models.language.sampling import next_probabilities
from helpers.plots.text import drawable
from helpers.plots.theme import CONTRAST, OURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from helpers.checkpoints.smollm import SmolLM

PROMPT = "The brown fox met a red hen. Later the brown fox met a red"
LONGEST, CANDIDATES, ROWS = 64, 8, 11
MANY = 24  # tokens: more cannot all be named
LONG_NAME = 14  # letters of a token that are shown


class Lens:
    """What a model makes of a prompt; the last prompt's reading is kept, so that moving
    a slider does not read it again."""

    def __init__(self, smollm: SmolLM):
        self.smollm, self.sizes = smollm, smollm.model.sizes
        self.read: tuple[str, Tensor, list[Tensor], list[Tensor]] | None = None

    def reading(self, prompt: str) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Return the prompt's ids (T,), the last position's state after the table and
        after each block, each (C,), and each layer's weights (N, T, T).

        Raises UserError for a blank prompt and for one of too many tokens.
        """
        if self.read is None or self.read[0] != prompt:
            ids_t = self.checked(prompt)
            self.read = prompt, ids_t, *self.watch(ids_t)
        return self.read[1:]

    def checked(self, prompt: str) -> Tensor:
        """Return the ids of a prompt that is neither blank nor too long."""
        if not prompt.strip():
            raise UserError("Type at least one word.")
        ids_t = self.smollm.encode(prompt)
        if len(ids_t) > LONGEST:
            raise UserError(f"{len(ids_t)} tokens; at most {LONGEST} fit here.")
        return ids_t

    @torch.no_grad()
    def watch(self, ids_t: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the last position's states and each layer's weights."""
        model = self.smollm.model
        states = [model.embed_tokens(ids_t[-1])]

        def keep(_block, _inputs, output):
            states.append(output[0][0, -1])

        hooks = [layer.register_forward_hook(keep) for layer in model.layers]
        try:
            with kept_weights(model) as kept:
                model(ids_t[None])
        finally:
            for hook in hooks:
                hook.remove()
        return states, [layer[0][0] for layer in kept]

    @torch.no_grad()
    def logits(self, state_c: Tensor) -> Tensor:
        """Return what the final norm and the head make of a state: (V,)."""
        model = self.smollm.model
        return F.linear(model.norm(state_c), model.embed_tokens.weight)

    def name(self, id: int) -> str:
        """Return a token as it is shown: blanks and line ends by a sign."""
        text = "".join(drawable(self.smollm.decode([id])))
        return text if len(text) <= LONG_NAME else text[: LONG_NAME - 1] + "…"

    def draw(self, prompt: str, temperature: float, layer: int, head: int) -> Figure:
        """Return three panels for a prompt: the candidates at a temperature, the best
        one after every few blocks, and one head's map. Errors: `reading`."""
        if not 0 <= layer < self.sizes.layers or not 0 <= head < self.sizes.n_heads:
            raise UserError(
                f"There are layers 0 to {self.sizes.layers - 1}, and heads 0 to "
                f"{self.sizes.n_heads - 1}."
            )
        ids_t, states, weights = self.reading(prompt)
        figure = new_figure(figsize=(6.0, 4.9))
        rows = figure.subplots(2, 2, gridspec_kw={"height_ratios": [1, 1.15]})
        self.candidates(rows[0, 0], states[-1], temperature)
        self.by_layer(rows[0, 1], states)
        grid = rows[1, 0].get_gridspec()
        for ax in rows[1]:
            ax.remove()
        below = figure.add_subplot(grid[1, :])
        below.set_title(f"layer {layer}, head {head}", fontsize=10)
        self.head_map(below, weights[layer][head], ids_t)
        return figure

    def candidates(self, ax: Axes, state_c: Tensor, temperature: float) -> None:
        """Draw the most probable next tokens as bars, the best above."""
        best = next_probabilities(self.logits(state_c), temperature).topk(CANDIDATES)
        ax.barh(range(CANDIDATES), best.values.tolist(), color=OURS, alpha=0.75)
        names = [self.name(id) for id in best.indices.tolist()]
        ax.set_yticks(range(CANDIDATES), names, parse_math=False)
        ax.set_title("next token", fontsize=10)
        ax.set(xlim=(0, 1), xlabel=f"probability, temperature {temperature:g}")
        ax.grid(axis="y", visible=False)
        ax.invert_yaxis()

    def by_layer(self, ax: Axes, states: list[Tensor]) -> None:
        """Draw the best candidate of some states as a bar of its probability; the
        table's comes first, the last block's last."""
        places = torch.linspace(0, len(states) - 1, ROWS).round().int().tolist()
        places = sorted(set(places))
        found = [self.logits(states[p]).softmax(dim=0).max(dim=0) for p in places]
        ax.barh(range(len(places)), [float(f.values) for f in found], color=CONTRAST)
        tokens = [self.name(int(f.indices)) for f in found]
        names = [f"{p}: {token}" for p, token in zip(places, tokens, strict=True)]
        ax.set_yticks(range(len(places)), names, parse_math=False)
        ax.set_title("best after n blocks", fontsize=10)
        ax.set(xlim=(0, 1), xlabel="its probability")
        ax.grid(axis="y", visible=False)
        ax.invert_yaxis()

    def head_map(self, ax: Axes, weights_tt: Tensor, ids_t: Tensor) -> None:
        """Draw one head's weights, queries by keys, with tokens as ticks."""
        picture = ax.imshow(weights_tt.numpy(), vmin=0, vmax=1)
        step = 1 if len(ids_t) <= MANY else 3  # of many tokens, every third is named
        places = range(0, len(ids_t), step)
        names = [self.name(int(id)) for id in ids_t[::step]]
        look = {"fontsize": 7, "parse_math": False}
        ax.set_xticks(places, names, rotation=90, **look)
        ax.set_yticks(places, names, **look)
        ax.set(xlabel="key", ylabel="query")
        ax.grid(False)
        ax.figure.colorbar(picture, ax=ax, label="attention weight")
