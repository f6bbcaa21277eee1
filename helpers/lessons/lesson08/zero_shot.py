"""Which library is a paragraph from? SmolLM2 without a label, MiniLM and counted words
with 1 to 16 labels per class.

    python -m helpers.lessons.lesson08.zero_shot

measures five draws and stores the table (three minutes of one core). A label's score is
its log-likelihood after a prompt, as it is, or less the one after a prompt that says
nothing (Zhao et al. 2021, arXiv:2102.09690), or less its mean over all texts asked.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from helpers.checkpoints.minilm import open_minilm
from helpers.checkpoints.smollm import SmolLM, open_smollm
from helpers.checkpoints.text_transfer import (
    FOLDS,
    FrozenMiniLM,
    by_counted_words,
    by_frozen_minilm,
)
from helpers.core.run import progress_bar
from helpers.data import measured
from helpers.data.text.libraries import Texts, chosen, draws, library_task
from helpers.training.few_labels import share

FILE = measured.FOLDER / "zero_shot.json"
COMMAND = "python -m helpers.lessons.lesson08.zero_shot"
LABELS = ("Python", "NumPy", "PyTorch", "Matplotlib", "NetworkX", "SymPy")
ANSWERS = [f" {label}" for label in LABELS]
PROMPTS = (  # {} is the paragraph
    "Libraries: SymPy, Matplotlib, Python, NetworkX, NumPy, PyTorch.\n\nText: {}\n\n"
    "Library:",
    "{}\n\nThe text above is from the documentation of",
    "<|im_start|>user\nWhich library is this paragraph about: SymPy, Matplotlib, "
    "Python, NetworkX, NumPy or PyTorch?\n\n{}<|im_end|>\n<|im_start|>assistant\n"
    "It is about",
)
PROMPT = PROMPTS[1]  # the best of the three on 24 paragraphs to learn from
NOTHING = ("N/A", "[MASK]", "")  # content-free, as Zhao et al. chose them
FREE = "SmolLM2", "SmolLM2, less N/A", "SmolLM2, less its mean"
KS = 1, 4, 16
TAUGHT = ("counted words", "MiniLM")
DRAWS, EACH, SEED = 5, 5, 81_000


def label_scores(logits_btv: Tensor, ids_bt: Tensor, prompt: int, lengths) -> Tensor:
    """Return the log-likelihood (B,) of each row's label: of the `lengths[b]` tokens
    that follow `prompt` tokens. Logits (B, T, V) are those of the ids (B, T)."""
    chances_btv = logits_btv[:, :-1].log_softmax(dim=-1)
    said_bt = chances_btv.gather(-1, ids_bt[:, 1:, None])[..., 0]
    place_t = torch.arange(1, ids_bt.shape[1])
    end_b1 = prompt + torch.as_tensor(lengths)[:, None]
    counts_bt = (place_t >= prompt) & (place_t < end_b1)
    return torch.where(counts_bt, said_bt, 0).sum(dim=1)


@torch.no_grad()
def read_labels(smollm: SmolLM, prompt: str, answers: Sequence[str]) -> tuple:
    """Return (logits, ids, 1, lengths), what `label_scores` takes: the prompt is read
    once and kept as keys and values, but for its last token, which every row repeats.
    """
    before_t, labels = smollm.encode(prompt), [smollm.encode(a) for a in answers]
    _, past = smollm.model(before_t[None, :-1])
    past = [tuple(part.expand(len(labels), -1, -1, -1) for part in kv) for kv in past]
    rows = [torch.cat([before_t[-1:], label_t]) for label_t in labels]
    ids_bt = pad_sequence(rows, batch_first=True)
    logits_btv, _ = smollm.model(ids_bt, past)
    return logits_btv, ids_bt, 1, [len(label_t) for label_t in labels]


def scores_of(smollm: SmolLM, texts: Sequence[str], prompt: str = PROMPT) -> Tensor:
    """Return the score of every label after every text: (N, K)."""
    prompts = progress_bar([prompt.format(text) for text in texts], label="reading")
    return torch.stack(
        [label_scores(*read_labels(smollm, p, ANSWERS)) for p in prompts]
    )


def shifts(smollm: SmolLM, scores_nk: Tensor, prompt: str = PROMPT) -> dict:
    """Return, for each of FREE, what is taken off every label's score: nothing, its
    score after prompts that say nothing, or its mean over the texts themselves."""
    nothing_nk = scores_of(smollm, NOTHING, prompt)
    by_nothing = nothing_nk.log_softmax(dim=1).exp().mean(dim=0).log()
    return dict(zip(FREE, (0, by_nothing, scores_nk.mean(dim=0)), strict=True))


def nearest(train_nc: Tensor, labels_n: Tensor, test_nc: Tensor) -> Tensor:
    """Return, for each row of `test_nc`, the label of the nearest row to learn from by
    cosine, where each class has one."""
    train_nc, test_nc = (torch.nn.functional.normalize(x) for x in (train_nc, test_nc))
    return labels_n[(test_nc @ train_nc.T).argmax(dim=1)]


def told(way: str, vectors_of, train: Texts, test: Texts, seed: int) -> Tensor:
    """Return the labels that "MiniLM" or "counted words" give to `test`, (N,)."""
    if len(train) >= FOLDS * len(LABELS):
        if way == "MiniLM":
            return by_frozen_minilm(vectors_of, train, test, seed)
        return by_counted_words(train, test, seed)
    if way == "MiniLM":
        return nearest(vectors_of(train.texts), train.labels, vectors_of(test.texts))
    from sklearn.feature_extraction.text import TfidfVectorizer

    counted = TfidfVectorizer(sublinear_tf=True).fit(train.texts)
    rows = (counted.transform(part.texts).toarray() for part in (train, test))
    known_nc, asked_nc = (torch.from_numpy(row) for row in rows)
    return nearest(known_nc, train.labels, asked_nc)


def measure(smollm: SmolLM, vectors_of, pool: Texts, test: Texts) -> dict:
    """Return way -> labels per class -> shares told right, one per draw: a draw has
    its own labels and its own part of the test."""
    parts = draws(test, EACH, DRAWS, SEED)
    table = {way: {0: []} for way in FREE} | {
        way: {k: [] for k in KS} for way in TAUGHT
    }
    for part in parts:
        scores_nk = scores_of(smollm, part.texts)
        for way, shift in shifts(smollm, scores_nk).items():
            table[way][0].append(share((scores_nk - shift).argmax(dim=1), part.labels))
    for k in KS:
        for train, part in zip(draws(pool, k, DRAWS, SEED), parts, strict=True):
            for way in TAUGHT:
                right = share(told(way, vectors_of, train, part, SEED), part.labels)
                table[way][k].append(right)
    return table


def stored() -> dict[str, dict]:
    """Return the stored table. UserError where it is missing or damaged."""
    return measured.load(FILE, COMMAND, (*FREE, *TAUGHT))


def few(pool: Texts, each: int, seed: int) -> Texts:
    """Return `each` texts of every class, drawn."""
    return draws(pool, each, 1, seed)[0]


if __name__ == "__main__":  # pragma: no cover
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    the_pool, the_test = library_task()
    the_model, minilm = open_smollm(), open_minilm()
    some = chosen(the_pool, torch.arange(4, len(the_pool), 48))  # four of each
    for number, tried in enumerate(PROMPTS):
        scores_nk = scores_of(the_model, some.texts, tried)
        for way, shift in shifts(the_model, scores_nk, tried).items():
            right = share((scores_nk - shift).argmax(dim=1), some.labels)
            print(f"prompt {number}, {way}: {right:.2f}")
    table = measure(the_model, FrozenMiniLM(minilm), the_pool, the_test)
    measured.save(FILE, COMMAND, table)
