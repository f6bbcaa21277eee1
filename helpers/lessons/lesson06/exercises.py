"""Lesson 06, Transfer learning: references, hints and known wrong answers."""

import math
from collections.abc import Callable, Iterable
from functools import partial
from itertools import accumulate
from operator import mul
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.adaptation.transfer import freeze
from helpers.models.vision.resnet import DeepNet, ResidualBlock, he_weights
from helpers.page.compare import same
from helpers.page.elsewhere import probe
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, Part, by_seed, noise
from helpers.page.inputs import call
from helpers.page.promises import same_object
from helpers.training.fit import evaluation_mode

PARTS = ("stem", "blocks.0", "blocks.1", "blocks.2", "fc")


class Net(DeepNet):
    """A network that is compared, and shown, by what `report` says of it."""

    tolerance = 1e-4
    given: ClassVar[dict[str, Tensor]] = {}  # its state before the exercise

    def report(self) -> dict:
        raise NotImplementedError

    def told(self) -> dict:
        """Return the report, or with what the network stops by now."""
        try:
            return self.report()
        except Exception as error:  # whatever an answer has made of it
            return {"stops": f"{type(error).__name__}: {error}"}

    def __eq__(self, other: object) -> bool:
        return same(self.told(), other.told(), self.tolerance)

    __hash__ = DeepNet.__hash__

    def __repr__(self) -> str:
        told = [f"{what}: {brief(value)}" for what, value in self.told().items()]
        return f"(net: {'; '.join(told)})"

    def kept(self, start: str | tuple[str, ...]) -> bool:
        """True if what has a name with this start is as it was: weights, statistics."""
        state = {n: v for n, v in self.state_dict().items() if n.startswith(start)}
        empty = torch.empty(0)
        return all(torch.equal(v, self.given.get(n, empty)) for n, v in state.items())


def brief(value: object) -> str:
    """Return a short text: of a tensor the first numbers, of a list its members."""
    if isinstance(value, Tensor):
        return ", ".join(f"{x:.3g}" for x in value[:2].tolist()) + ", …"
    if isinstance(value, list):
        return ", ".join(value) or "nothing"
    return str(value)


def small(kind: type[Net], classes: int = 3, width: int = 4, seed: int = 0) -> Net:
    """Return a network of 8 layers with weights and statistics from a seed."""
    net = kind(ResidualBlock, 8, width=width, classes=classes)
    generator = torch.Generator().manual_seed(seed)
    he_weights(net, generator)
    net.fc.weight.data.normal_(generator=generator)
    net.fc.bias.data.zero_()
    for values in net.state_dict().values():
        if values.ndim == 1:  # biases and gains, means and variances
            values += 0.1 * torch.randn(len(values), generator=generator)
    net.given = {name: values.clone() for name, values in net.state_dict().items()}
    return net


def pictures(n: int, seed: int = 0) -> Tensor:
    """Return pictures (n, 1, 8, 8) of noise, of a mean and contrast of their own."""
    return 2 * noise(n, 1, 8, 8, seed=seed) + 1


class Headed(Net):
    """Shows its last layer, and whether all before it is as it was."""

    def report(self) -> dict:
        shapes = (f"{n} {tuple(p.shape)}" for n, p in self.fc.named_parameters())
        old = self.given.get("fc.weight", torch.empty(0))
        learnt = any(torch.isin(p, old).any() for p in self.fc.parameters())
        return {
            "parts": [name for name, _ in self.named_children()],
            "before fc": "as given" if self.kept(("stem", "blocks")) else "untrained",
            "fc": list(shapes) + ["with old rows"] * learnt,
            "logits": self.logits(),
        }

    def logits(self) -> str:
        """Return how many logits a picture gets, or why there are none."""
        try:
            with evaluation_mode(self):
                return str(self(pictures(2)).shape[1])
        except RuntimeError as error:
            return str(error)


def new_head(model: Net, classes: int) -> Net:
    model.fc = nn.Linear(model.fc.in_features, classes)
    return model


def with_fc(head: Callable[[nn.Linear, int], nn.Module]):
    """Return the answer that puts head(old fc, classes) in the place of fc."""

    def answer(model: Net, classes: int) -> Net:
        model.fc = head(model.fc, classes)
        return model

    return answer


def head_cut(model: Net, classes: int) -> Net:
    model.fc.weight = nn.Parameter(model.fc.weight[:classes])
    model.fc.bias = nn.Parameter(model.fc.bias[:classes])
    return model


def head_elsewhere(model: Net, classes: int) -> Net:
    model.head = nn.Linear(model.fc.in_features, classes)
    return model


def renamed(model: Net, classes: int) -> Net:
    model.fc.out_features = classes
    return model


def rebuilt(model: Net, classes: int) -> Net:
    width = model.fc.in_features // 4
    return type(model)(ResidualBlock, 8, width=width, classes=classes)


def some_classes(draw: Draw) -> tuple:
    """Return a network and how many classes it should tell apart; neither number is
    that of its features."""
    old, new = draw.sample((2, 3, 5, 6, 9, 11, 13), 2)
    return small(Headed, old, draw.randint(2, 4), draw.next_seed()), new


A_COPY = (
    "Your answer is right in a copy: the model that was handed in is as it was, and "
    "its owner goes on with that one. Asked was the model itself. What does "
    "`copy.deepcopy` return?"
)


NEW_HEAD = Exercise(
    new_head,
    may_change=(0,),
    cases=lambda: [
        (small(Headed, classes=6), 4),
        (small(Headed, classes=5, seed=1), 7),
        (small(Headed, classes=52, width=3, seed=2), 10),
    ],
    hidden=by_seed(some_classes),
    promises=(same_object(0, A_COPY),),
    hints=(
        "A head reads features and writes logits. Which of its two widths belongs to "
        "the network, and which to the question?",
        "How many features arrive, the old head knows: `model.fc.in_features`. Only "
        "the other number changes.",
        "model.fc = nn.Linear(model.fc.in_features, classes), then return the model.",
    ),
    wrong=(
        Wrong(
            with_fc(lambda fc, classes: nn.Linear(fc.out_features, classes)),
            "Your head expects as many inputs as the old one had answers. But the old "
            "answers are gone: what reaches the place where `fc` stands?",
        ),
        Wrong(
            with_fc(lambda fc, classes: nn.Linear(classes, fc.in_features)),
            "You swapped the two widths. nn.Linear takes first what comes in. Is that "
            "the classes or the features?",
        ),
        Wrong(
            with_fc(lambda fc, classes: nn.Linear(fc.in_features, fc.out_features)),
            "New weights, but as many answers as before: `classes` changes nothing. "
            "How many logits does a picture get?",
        ),
        Wrong(
            with_fc(lambda fc, classes: nn.Linear(fc.in_features, classes, bias=False)),
            "The shapes fit, but your head has no bias, and the old one had. Before "
            "any feature speaks, how would it say that one class is frequent?",
        ),
        Wrong(
            with_fc(lambda fc, k: nn.Sequential(fc, nn.Linear(fc.out_features, k))),
            "You set a head on top of the old head: it reads the old answers, not the "
            "features. What did the old question not ask about, and so not hand on?",
        ),
        Wrong(
            head_cut,
            "You kept rows of the old head: each still looks for an old class, and "
            "more rows than it had there cannot be. What has an old row learnt?",
        ),
        Wrong(
            renamed,
            "You changed an attribute, `out_features`, that only says how many answers "
            "there are. The weight is still the old one, of the old shape. What makes "
            "a new one?",
        ),
        Wrong(
            head_elsewhere,
            "You added a layer, but `forward` does not know of it and still asks the "
            "old `fc`. Under which name does it look for the head?",
        ),
        Wrong(
            rebuilt,
            "The head is right, and everything before it is new, too: what the network "
            "had learnt is lost. Which one of its layers should change?",
        ),
    ),
)


class Stepped(Net):
    """Shows which parts are frozen, and which have moved.

    The frozen parts still have the gradient of a step made before the freezing.
    """

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)  # of a copy; gradients are not copied
        for p in self.parameters():
            p.grad = None if p.requires_grad else torch.ones_like(p)

    def report(self) -> dict:
        learns = {name: self.learns(name) for name in PARTS}
        moved = {name: self.moved(name) for name in PARTS}
        return {
            "frozen": [name for name in PARTS if not learns[name]],
            "moved": [name + some for name, some in moved.items() if some is not None],
        }

    def learns(self, part: str) -> bool:
        return any(p.requires_grad for p in self.get_submodule(part).parameters())

    def moved(self, part: str) -> str | None:
        """Return None if no weight moved, "" if all did, else how many of them."""
        names = [n for n, _ in self.named_parameters() if n.startswith(part)]
        moved = sum(not self.kept(name) for name in names)
        partly = f" ({moved} of {len(names)})" if moved < len(names) else ""
        return partly if moved else None


def step_with(chosen: Callable[[Net], Iterable], forgetful: bool = False):
    """Return the training step by an optimizer that holds chosen(model), after its
    gradients were set to zero if `forgetful`."""

    def answer(model: Net, images: Tensor, labels: Tensor, lr: float) -> Net:
        holding = torch.optim.AdamW(chosen(model), lr=lr)
        F.cross_entropy(model(images), labels).backward()
        if forgetful:
            holding.zero_grad()
        holding.step()
        return model

    return answer


def learning(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


def frozen_ones(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if not p.requires_grad]


def step_case(*frozen: str, seed: int = 0, n: int = 6, lr: float = 0.1) -> tuple:
    """Return network, batch and rate for a step, with these parts frozen."""
    net = small(Stepped, seed=seed)
    for name in frozen:
        net.get_submodule(name).requires_grad_(False)
    return net, pictures(n, seed), torch.arange(n) % 3, lr


def some_frozen(draw: Draw) -> tuple:
    """Freeze two parts; the visible cases freeze one, three or four."""
    frozen = draw.sample(PARTS[:-1], 2)
    n, lr = draw.randint(7, 9), draw.randint(2, 9) / 100
    return step_case(*frozen, seed=draw.next_seed(), n=n, lr=lr)


OWN_RATE = 0.001  # AdamW's, if it is not told one


def rate_used(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """The step is not the one that AdamW makes without being told a rate."""
    longest = longest_step(answer, case)
    if case[-1] == OWN_RATE or abs(longest - OWN_RATE) > 0.05 * OWN_RATE:
        return ""
    return (
        f"The right parts have moved, but by {OWN_RATE}, AdamW's own learning rate: "
        "the optimizer was never told `lr`. Which argument does it take?"
    )


@probe
def longest_step(answer: Callable, case: tuple) -> float:
    """Return by how much a weight of the head moves at most: the rate, in AdamW's first
    step."""
    before, after = case[0].fc.weight, call(answer, case).fc.weight
    return (after - before).abs().max().item()


ONE_STEP = Exercise(
    step_with(learning),
    may_change=(0,),
    cases=lambda: [
        step_case("stem", "blocks.0", "blocks.1"),
        step_case("stem", "blocks", seed=1),
        step_case("stem", seed=2),
    ],
    hidden=by_seed(some_frozen),
    promises=(same_object(0, A_COPY), rate_used),
    hints=(
        "Which of a parameter's own attributes says whether it may change?",
        "The optimizer moves what it holds and finds a gradient for, be it an old one. "
        "So leave out of it every p whose `p.requires_grad` is False.",
        "torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=lr)",
    ),
    wrong=(
        Wrong(
            step_with(lambda model: model.parameters()),
            "Frozen parts have moved. `requires_grad` stops new gradients, but the "
            "last ones from before are still there, and your optimizer steps with them "
            "and decays the weights. What should it not even hold?",
        ),
        Wrong(
            step_with(lambda model: model.fc.parameters()),
            "Your optimizer holds the head alone. A block was to learn with it: it "
            "gets a gradient and is never moved. Who else has `requires_grad`?",
        ),
        Wrong(
            step_with(learning, forgetful=True),
            "Nothing has moved: the gradients were cleared between the backward pass "
            "that made them and the step that needs them. When may they be cleared?",
        ),
        Wrong(
            step_with(frozen_ones),
            "You moved exactly what is frozen, and nothing else. What does `p.grad` "
            "hold before the backward pass, and what does `requires_grad` mean?",
        ),
        Wrong(
            step_with(lambda model: model.requires_grad_(True).parameters()),
            "You thawed everything: the frozen parts take gradients again. What is the "
            "optimizer to do, and what had already been decided?",
        ),
    ),
)


class Trained(Net):
    """Shows which head it has, and what one step in train mode changes."""

    def report(self) -> dict:
        *_, weight, _ = self.parameters()
        return {
            "head": str(tuple(weight.shape)),
            "a step in train mode changes": self.changed_by_step(),
            "in train mode its head reads": self.read_in_train_mode(),
        }

    def read_in_train_mode(self) -> str:
        """Return if the features of pictures depend on the others of their batch."""
        before = {name: values.clone() for name, values in self.state_dict().items()}
        modes = [(layer, layer.training) for layer in self.modules()]
        read = []
        listening = self.fc.register_forward_pre_hook(lambda _, x: read.append(x[0]))
        with torch.no_grad():
            self.train()(pictures(6))
            self(pictures(6)[:3])
        listening.remove()
        self.load_state_dict(before)
        for layer, mode in modes:
            layer.training = mode
        alone = torch.allclose(read[0][:3], read[1], atol=1e-4)
        return "each picture by itself" if alone else "pictures by their batch"

    def changed_by_step(self) -> list[str]:
        """Return the parts that a step changes, and put everything back."""
        before = {name: values.clone() for name, values in self.state_dict().items()}
        modes = [(layer, layer.training) for layer in self.modules()]
        self.step()
        changed = [n for n, v in self.state_dict().items() if not v.equal(before[n])]
        self.load_state_dict(before)
        for layer, mode in modes:
            layer.training = mode
        return [kind for kind in dict.fromkeys(map(kind_of, changed)) if kind]

    def step(self) -> None:
        self.train()
        loss = F.cross_entropy(self(pictures(6)), torch.arange(6) % 3)
        if learns := learning(self):
            gradients = torch.autograd.grad(loss, learns, allow_unused=True)
            for p, g in zip(learns, gradients, strict=True):
                p.data -= 0 if g is None else 0.1 * g


def kind_of(name: str) -> str:
    """Return "stem statistics" for "stem.1.running_mean", "" for a counter of steps."""
    kind = "statistics" if "running" in name else "weights"
    counter = "num_batches" in name
    return "" if counter else f"{name.partition('.')[0]} {kind}"


def freeze_all_but_head(model: Net) -> Net:
    return freeze(model, ["stem", "blocks"])


def without_momentum(model: Net) -> Net:
    for layer in weights_frozen(model).modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.0
    return model


def weights_frozen(model: Net) -> Net:
    model.stem.requires_grad_(False)
    model.blocks.requires_grad_(False)
    return model


def statistics_frozen(model: Net) -> Net:
    learns = learning(model)
    freeze(model, ["stem", "blocks"])
    for p in learns:
        p.requires_grad_(True)
    return model


def some_trained(draw: Draw) -> tuple:
    classes, width = draw.randint(5, 9), draw.randint(2, 5)
    net = small(Trained, classes, width, draw.next_seed())
    return (net.train(draw.choice((True, False))),)


FREEZE_ALL_BUT_HEAD = Exercise(
    freeze_all_but_head,
    may_change=(0,),
    cases=lambda: [
        (small(Trained),),
        (small(Trained, classes=3, width=2, seed=1).eval(),),
        (small(Trained, classes=4, width=3, seed=2),),
    ],
    hidden=by_seed(some_trained),
    promises=(same_object(0, A_COPY),),
    hints=(
        "Two things in a part can change: weights, by gradients, and the averages of "
        "its norms. By what do those change?",
        "By every forward pass in train mode. `model.train()` calls the method `train` "
        "of every part, with True. So let the two parts have one that does not listen.",
        "For part in (model.stem, model.blocks): part.requires_grad_(False), "
        "part.eval(), then part.train = lambda mode=True: part. Return the model.",
    ),
    wrong=(
        Wrong(
            weights_frozen,
            "No frozen weight moves, but the norms' averages do: `requires_grad` is "
            "nothing to them, and an `eval()` lasts until the next `model.train()`. "
            "Which layer should not listen to that call?",
        ),
        Wrong(
            without_momentum,
            "Neither weights nor averages change. But in train mode the norms still "
            "take mean and variance from each batch, so what the head reads of a "
            "picture depends on its neighbours. Which mode never does that?",
        ),
        Wrong(
            lambda model: model.eval(),
            "After the next `model.train()` everything learns again. Evaluation mode "
            "stops no gradient. What does, and who sets the mode back?",
        ),
        Wrong(
            statistics_frozen,
            "The averages stay now, but the weights learn: evaluation mode stops no "
            "gradient. Which attribute of a parameter does?",
        ),
        Wrong(
            lambda model: freeze(model, ["stem", "blocks", "fc"]),
            "Nothing changes any more, not even the head, and its answers to a new "
            "question would stay random. What is left to learn?",
        ),
        Wrong(
            lambda model: model.requires_grad_(False),
            "No weight learns, not even the head's, while the averages of the norms "
            "go on moving. Which part should change, and does `model` include it?",
        ),
        Wrong(
            lambda model: freeze(model, ["stem"]),
            "The stem is frozen, the blocks learn. What else lies before the head? "
            "Look at [name for name, _ in model.named_children()].",
        ),
        Wrong(
            lambda model: freeze(model, ["blocks"]),
            "The blocks are frozen, but not the stem before them: what they read will "
            "change under them. Which parts lie before the head?",
        ),
    ),
)


class Asked(Net):
    """Shows the modes of its layers, what moved, and if gradients were prepared."""

    prepared = False

    def forward(self, x_bchw: Tensor) -> Tensor:
        self.prepared = self.prepared or torch.is_grad_enabled()
        return super().forward(x_bchw)

    def report(self) -> dict:
        layers = [layer.training for layer in self.modules()]
        left_out = [name for name in PARTS if not self.get_submodule(name).training]
        return {
            "in train mode": f"{sum(layers)} of {len(layers)} layers",
            "not": left_out,
            "averages": "as given" if self.kept(PARTS) else "moved",
            "learn": f"{len(learning(self))} weights",
            "backward": "prepared" if self.prepared else "not prepared",
        }


@torch.no_grad()
def share_right(model: Net, images: Tensor, labels: Tensor) -> tuple[float, Net]:
    with evaluation_mode(model):
        right = model(images).argmax(dim=1) == labels
    return right.float().mean().item(), model


def asked(before=nn.Module.eval, after=None, score=torch.mean, dim=1, prepared=False):
    """Return the share found between two changes of mode, or another score."""

    def answer(model: Net, images: Tensor, labels: Tensor) -> tuple:
        modes = [(layer, layer.training) for layer in model.modules()]
        before(model)
        with torch.set_grad_enabled(prepared):
            right = model(images).argmax(dim=dim) == labels
        for layer, mode in modes:
            layer.training = mode
        if after:
            after(model)
        return score(right.float()).item(), model

    return answer


def as_it_is(model: nn.Module) -> nn.Module:
    return model


def asked_case(n: int, seed: int, *evaluated: str) -> tuple[Asked, Tensor, Tensor]:
    """Return a network in train mode, except these parts, and a batch of n."""
    net = small(Asked, seed=seed).train()
    for name in evaluated:
        net.get_submodule(name).eval()
    return net, pictures(n, seed), torch.arange(n) % 3


def some_asked(draw: Draw) -> tuple[Asked, Tensor, Tensor]:
    evaluated = draw.sample(PARTS[1:], 2)
    return asked_case(draw.randint(10, 20), draw.next_seed(), *evaluated)


SHARE_RIGHT = Exercise(
    share_right,
    cases=lambda: [
        asked_case(8, 5),
        asked_case(16, 4, "stem"),
        asked_case(3, 11, "stem", "blocks.0"),
    ],
    hidden=by_seed(some_asked),
    hints=(
        "In train mode, what does a norm do to a picture that depends on the others in "
        "the batch, and what does it keep of them? When must neither happen?",
        "`model.eval()` before you ask, inside torch.no_grad(). And the mode of each "
        "layer before that? `model.train()` would forget that one was frozen.",
        "`with evaluation_mode(model), torch.no_grad():`. By hand: modes = "
        "[(m, m.training) for m in model.modules()] before, and set them after.",
    ),
    wrong=(
        Wrong(
            asked(before=as_it_is),
            "No gradients were prepared, but torch.no_grad() is not evaluation mode: "
            "each answer depended on the batch, and the averages have moved, learning "
            "from test pictures. What switches the norms?",
            typed="with torch.no_grad():\n"
            "    right = model(images).argmax(dim=1) == labels",
        ),
        Wrong(
            asked(before=as_it_is, prepared=True),
            "You asked in train mode: each answer depended on the other pictures of "
            "the batch, and the averages have moved. Would a picture alone be given "
            "the same answer?",
        ),
        Wrong(
            asked(after=nn.Module.eval),
            "The share is right, but the model is left in evaluation mode: the next "
            "steps would train it so, unnoticed. In which mode was it given to you?",
        ),
        Wrong(
            asked(after=nn.Module.train),
            "You put every layer into train mode. In one of the models the stem was in "
            "evaluation mode, on purpose. How could you remember each layer's mode?",
        ),
        Wrong(
            asked(after=nn.Module.eval, prepared=True),
            "The share is right. But the model is left in evaluation mode, and PyTorch "
            "kept what a backward pass would need. In which mode was it given to you?",
        ),
        Wrong(
            asked(after=nn.Module.train, prepared=True),
            "The share is right. But every layer is in train mode now, one that was "
            "not, too; and PyTorch kept what a backward pass needs. How could you "
            "remember each layer's mode?",
        ),
        Wrong(
            asked(prepared=True),
            "All is right, but PyTorch kept what a backward pass would need, for all "
            "pictures. There will be none. How do you say so?",
        ),
        Wrong(
            asked(after=lambda model: model.requires_grad_(False)),
            "The share is right, but the model comes back frozen: no weight takes a "
            "gradient any more, and somebody will go on training it. What switches "
            "gradients off for a few lines only?",
        ),
        Wrong(
            lambda model, images, labels: asked(
                after=lambda model: model.requires_grad_(False), prepared=True
            )(model, images, labels),
            "The share is right, but the model comes back frozen: no weight takes a "
            "gradient any more, and somebody will go on training it; and PyTorch kept "
            "what a backward pass needs. What switches gradients off for a few lines?",
        ),
        Wrong(
            asked(dim=0),
            "You asked, for each class, which picture looks most like it: argmax ran "
            "over the batch. Which axis of (B, K) holds a picture's answers?",
        ),
        Wrong(
            asked(score=lambda right: 100 * right.mean()),
            "Those are per cent. How is a share in 0..1 written?",
        ),
    ),
)


def mirror(images: Tensor) -> Tensor:
    return images.flip(-1)


def darken(images: Tensor) -> Tensor:
    return images / 2


MIRRORED = Part("augment: mirror", mirror)
DARKENED = Part("augment: half as bright", darken)


def doubled(images: Tensor, labels: Tensor, augment: Callable) -> tuple[Tensor, Tensor]:
    return torch.cat([images, augment(images)]), torch.cat([labels, labels])


def training_and_test(images: Tensor, labels: Tensor, augment: Callable, n_test: int):
    n = len(images) - n_test
    return *doubled(images[:n], labels[:n], augment), images[n:], labels[n:]


def copied_first(images: Tensor, labels: Tensor, augment: Callable, n_test: int):
    images, labels = doubled(images, labels, augment)
    return images[:-n_test], labels[:-n_test], images[-n_test:], labels[-n_test:]


def all_in_training(images: Tensor, labels: Tensor, augment: Callable, n_test: int):
    return *doubled(images, labels, augment), images[-n_test:], labels[-n_test:]


def copies_of_all(images: Tensor, labels: Tensor, augment: Callable, n_test: int):
    n = len(images) - n_test
    train = torch.cat([images[:n], augment(images)])
    return train, torch.cat([labels[:n], labels]), images[n:], labels[n:]


def from_the_front(images: Tensor, labels: Tensor, augment: Callable, n_test: int):
    train = doubled(images[n_test:], labels[n_test:], augment)
    return *train, images[:n_test], labels[:n_test]


def split_then(training: Callable = doubled, test: Callable = lambda x, y, _: (x, y)):
    """Return the answer that splits rightly, and then makes these two sets."""

    def answer(images: Tensor, labels: Tensor, augment: Callable, n_test: int):
        n = len(images) - n_test
        own = training(images[:n], labels[:n], augment)
        return *own, *test(images[n:], labels[n:], augment)

    return answer


class Pictures(Tensor):
    """Pictures (N, 1, 1, 2) that a verdict shows in one line."""

    def __repr__(self) -> str:
        return " ".join(map(str, self.flatten(1).tolist()))

    def __deepcopy__(self, memo: dict) -> "Pictures":
        return self.clone()


def drawn(n: int, n_test: int, augment: Part, seed: int) -> tuple:
    """Return n pictures of two pixels in random order, and the other arguments."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    images = torch.arange(2.0 * n).view(n, 1, 1, 2)[order]
    return images.as_subclass(Pictures), order % 3, augment, n_test


def some_pictures(draw: Draw) -> tuple:
    times = draw.randint(2, 9)
    brightened = Part(f"augment: {times} times as bright", partial(mul, times))
    n_test, n = draw.randint(1, 5), draw.randint(11, 14)
    return drawn(n, n_test, draw.choice((MIRRORED, brightened)), draw.next_seed())


TRAINING_AND_TEST = Exercise(
    training_and_test,
    cases=lambda: [
        drawn(4, 1, MIRRORED, seed=0),
        drawn(6, 2, DARKENED, seed=1),
        drawn(10, 4, MIRRORED, seed=2),
    ],
    hidden=by_seed(some_pictures),
    hints=(
        "A test asks about pictures that the network has never seen. Is the mirror "
        "image of one it knows such a picture? So what must come first?",
        "Split first, at n = len(images) - n_test. Only the training pictures get "
        "copies, and each copy has the label of its original.",
        "torch.cat([images[:n], augment(images[:n])]), torch.cat([labels[:n], "
        "labels[:n]]), and images[n:], labels[n:] as they are.",
    ),
    wrong=(
        Wrong(
            copied_first,
            "You made the copies before you split: the test is copies, and their "
            "originals are in training. What does such a test measure?",
        ),
        Wrong(
            all_in_training,
            "You train on every picture, those of the test and their copies included. "
            "How much would a network get right that only remembers?",
        ),
        Wrong(
            copies_of_all,
            "The originals are split rightly, but copies of *all* pictures are learned "
            "from, those of the test among them. Whose copies may training have?",
        ),
        Wrong(
            from_the_front,
            "You took the test from the front. It should be the last n_test pictures: "
            "where does images[n:] begin, and what is n?",
        ),
        Wrong(
            split_then(test=doubled),
            "The split is right, but the test has copies, too: it counts every picture "
            "twice, once as nobody will send it. On what should it ask?",
        ),
        Wrong(
            split_then(test=lambda x, y, augment: (augment(x), y)),
            "You changed the test pictures. Training may be made harder than life. "
            "What would a test tell that is asked about other pictures than come?",
        ),
        Wrong(
            split_then(lambda x, y, augment: (doubled(x, y, augment)[0], y)),
            "There are twice as many training pictures as labels. Which label has the "
            "copy of a 3?",
        ),
        Wrong(
            split_then(
                lambda x, y, augment: (
                    *doubled(x, y, augment)[:1],
                    y.repeat_interleave(2),
                )
            ),
            "As many labels as pictures, but each label comes twice in a row, while "
            "the copies follow after all originals. Which label has picture 1?",
        ),
        Wrong(
            split_then(lambda x, y, augment: (augment(x), y)),
            "The copies have taken the place of the originals. How many pictures "
            "should there be to train on?",
        ),
    ),
)


class Colours(nn.Module):
    """A network for 40 classes, trained on pictures of mean 0 and spread 1."""

    def __init__(self, seed: int):
        super().__init__()
        self.look = nn.Conv2d(3, 16, 2)
        self.norm = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16, 40)
        for i, p in enumerate([*self.look.parameters(), *self.fc.parameters()]):
            p.data = noise(*p.shape, seed=10 * seed + i)

    def forward(self, x_bchw: Tensor) -> Tensor:
        return self.fc(self.norm(self.look(x_bchw)).relu().mean(dim=(2, 3)))

    def __repr__(self) -> str:
        return f"(a network in {'train' if self.training else 'evaluation'} mode)"


NEW_PICTURES = ((44, 3), (31, 4), (44, 4))  # (seed, width): the answers differ


def per_channel(picture: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (picture - mean[:, None, None]) / std[:, None, None]


def seen_as(change: Callable = per_channel, mode: Callable = nn.Module.eval):
    """Return the answer that shows the model change(picture, mean, std)."""

    @torch.no_grad()
    def answer(model: nn.Module, picture: Tensor, mean: Tensor, std: Tensor) -> int:
        return mode(model)(change(picture, mean, std)[None]).argmax().item()

    return answer


def by_itself(picture: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    mean, std = picture.mean(dim=(1, 2)), picture.std(dim=(1, 2))
    return per_channel(picture, mean, std)


def without_batch(model: nn.Module, picture: Tensor, mean: Tensor, std: Tensor) -> int:
    return model.eval()(per_channel(picture, mean, std)).argmax().item()


def new_picture(seed: int, width: int) -> tuple:
    """Return a trained network, a picture (3, 4, width), and the training numbers."""
    generator = torch.Generator().manual_seed(seed)
    picture = torch.rand(3, 4, width, generator=generator)
    mean = 0.2 + 0.5 * torch.rand(3, generator=generator)
    std = 0.1 + 0.3 * torch.rand(3, generator=generator)
    return Colours(seed), picture, mean, std


PREDICT_NEW = Exercise(
    seen_as(),
    may_change=(0,),
    cases=lambda: [new_picture(seed, width) for seed, width in NEW_PICTURES],
    hidden=by_seed(
        lambda draw: new_picture(draw.next_seed(), draw.randint(5, 9)), times=12
    ),
    hints=(
        "The network has seen only pictures that were changed in a certain way. What "
        "would it make of one in 0..1? And in which mode should it look?",
        "The same numbers as in training, one for each channel: mean[:, None, None] "
        "has the shape (C, 1, 1). And the model wants a batch, if only of one.",
        "model.eval(), then model(((picture - mean[:, None, None]) / "
        "std[:, None, None])[None]).argmax().item()",
    ),
    wrong=(
        Wrong(
            seen_as(lambda picture, mean, std: picture),
            "You showed the picture as it came. The network was trained on normalised "
            "ones: to it, yours is pale and grey. What was done to each of them?",
        ),
        Wrong(
            seen_as(by_itself),
            "You normalised the picture by its own mean and spread: a dark one and a "
            "bright one become the same. Whose numbers were used in training?",
        ),
        Wrong(
            seen_as(lambda picture, mean, std: picture - mean[:, None, None]),
            "You took the mean away and left the contrast as it was. What did training "
            "divide by?",
        ),
        Wrong(
            seen_as(lambda x, mean, std: per_channel(x, mean, 1 / std)),
            "You multiplied by std. If a channel varies by 0.25, by how much does it "
            "vary after that, and by how much in training?",
        ),
        Wrong(
            seen_as(lambda x, mean, std: x / std[:, None, None] - mean[:, None, None]),
            "You divided first and took the mean away after that. What mean does the "
            "divided picture have?",
        ),
        Wrong(
            seen_as(lambda x, mean, std: (x - mean.mean()) / std.mean()),
            "One mean and one std for all channels. Red, green and blue had their own "
            "in training. Which axis of the picture holds them?",
        ),
        Wrong(
            seen_as(lambda x, mean, std: (x - mean) / std),
            "Shapes are lined up from the right, so your (C,) met the columns, which "
            "stops unless there are C of them. Where does the channel axis stand?",
        ),
        Wrong(
            seen_as(mode=nn.Module.train),
            "The picture is right, the model was in train mode: its norms took mean "
            "and variance from this one picture. Who tells it that training is over?",
        ),
        Wrong(
            without_batch,
            "The model reads batches (B, C, H, W), you gave it (C, H, W). What is the "
            "shape of a batch of one?",
        ),
    ),
)


def label_saving(
    ks: list[int], ours: list[float], baseline: list[float], k: int
) -> float:
    return k / math.exp(np.interp(baseline[ks.index(k)], ours, np.log(ks)))


def straight(ks: list[int], ours: list[float], baseline: list[float], k: int) -> float:
    return k / np.interp(baseline[ks.index(k)], ours, ks).item()


def next_measured(ks: list, ours: list, baseline: list, k: int) -> float:
    target = baseline[ks.index(k)]
    return k / next(n for n, share in zip(ks, ours, strict=True) if share >= target)


def other_way(ks: list, ours: list, baseline: list, k: int) -> float:
    return math.exp(np.interp(ours[ks.index(k)], baseline, np.log(ks))) / k


def between_points(edge: Callable[[list, int], float | None]) -> Callable:
    """Return the saving found by hand, with edge(ks, k) where ours is better from its
    first point on; None goes on as if there were a point before."""

    def answer(ks: list, ours: list, baseline: list, k: int) -> float:
        target = baseline[ks.index(k)]
        i = next(i for i in range(len(ks)) if ours[i] >= target)
        if i == 0 and (at_edge := edge(ks, k)) is not None:
            return at_edge
        part = (target - ours[i - 1]) / (ours[i] - ours[i - 1])
        return k / (ks[i - 1] * (ks[i] / ks[i - 1]) ** part)

    return answer


def some_curves(draw: Draw, lead: int, at: int) -> tuple:
    """Return curves in per cent and a half, and the k at this place of theirs.

    A lead of 7 is not enough for ours to reach the baseline's end from its first
    point on, one of 13 is enough to reach the baseline's second point.
    """
    n = draw.randint(3, 5)
    ks = sorted(draw.sample(range(1, 200), n))
    baseline = [*accumulate(draw.randint(4, 12) for _ in range(n))]
    ours = [(10.5 + share + lead) / 100 for share in baseline]
    return ks, ours, [(10 + share) / 100 for share in baseline], ks[at]


LABEL_SAVING = Exercise(
    label_saving,
    cases=lambda: [
        ([1, 4, 16], [0.5, 0.7, 0.9], [0.4, 0.6, 0.8], 16),
        (
            [1, 2, 5, 10, 20],
            [0.7, 0.8, 0.9, 0.94, 0.96],
            [0.5, 0.6, 0.83, 0.9, 0.95],
            5,
        ),
        (
            [1, 2, 5, 10, 20],
            [0.7, 0.8, 0.9, 0.94, 0.96],
            [0.5, 0.6, 0.83, 0.9, 0.95],
            2,
        ),
        ([2, 20, 200], [0.6, 0.7, 0.9], [0.3, 0.65, 0.8], 200),
    ],
    hidden=by_seed(
        lambda draw: some_curves(draw, draw.randint(1, 7), at=-1),
        lambda draw: some_curves(draw, draw.randint(13, 20), at=1),
    ),
    hints=(
        "Draw both curves, labels to the right, accuracy upwards. The baseline has k "
        "labels: go from there to the left, at one height. Where do you meet `ours`?",
        "Read `ours` the other way round, labels from accuracy. With `import numpy as "
        "np`: np.interp(height, ours, np.log(ks)), which is log n; before the first "
        "point it gives the first.",
        "import numpy as np; n = np.exp(np.interp(baseline[ks.index(k)], ours, "
        "np.log(ks))), then k / n.",
    ),
    wrong=(
        Wrong(
            lambda ks, ours, baseline, k: ours[ks.index(k)] / baseline[ks.index(k)],
            "You compared accuracies at the same k: a step upwards. Asked was a step "
            "to the left: how many labels give ours the *same* accuracy?",
        ),
        Wrong(
            straight,
            "You went between two measured points in a straight line over k. Half-way "
            "from 4 to 16, counted in factors, is 8. Over what is the line straight?",
        ),
        Wrong(
            lambda *given: 1 / label_saving(*given),
            "Your ratio is upside down: how many times *fewer* is above 1 if we are "
            "better. Which of the two numbers of labels is larger?",
        ),
        Wrong(
            lambda ks, ours, baseline, k: k - k / label_saving(ks, ours, baseline, k),
            "That is how many labels are saved. Asked was how many *times* fewer are "
            "needed. Which of the two could be compared between k = 5 and k = 500?",
        ),
        Wrong(
            lambda ks, ours, baseline, k: k / label_saving(ks, ours, baseline, k),
            "That is how many labels ours needs. Asked was how many times fewer that "
            "is than k. Which of the two do you divide by the other?",
        ),
        Wrong(
            between_points(lambda ks, k: None),
            "Where ours is better from its first point, your i - 1 is -1: the *last* "
            "point. How many labels does ours need there?",
        ),
        Wrong(
            between_points(lambda ks, k: 1.0),
            "From its first point on, ours needs ks[0] labels, and the baseline k. How "
            "many times fewer is that?",
        ),
        Wrong(
            next_measured,
            "You took the next number of labels that was measured: the saving is too "
            "small. Where between two points does the curve reach the height?",
        ),
        Wrong(
            other_way,
            "You asked how many labels the baseline needs to reach us. Here its "
            "accuracy at k is the height. On which curve do you look for it?",
        ),
    ),
)


class Adapted(Net):
    """Shows the statistics of its norms, and what else may have changed."""

    tolerance = 0.02  # with or without Bessel's correction

    def report(self) -> dict:
        norms = [layer for layer in self.modules() if isinstance(layer, nn.BatchNorm2d)]
        trained = (name for name, _ in self.named_parameters())
        return {
            "means": torch.cat([norm.running_mean for norm in norms]),
            "variances": torch.cat([norm.running_var for norm in norms]),
            "momentum": str(norms[-1].momentum),
            "weights": "as given" if self.kept(tuple(trained)) else "changed",
            "in train mode": f"{sum(m.training for m in self.modules())} layers",
        }


def adapt_norms(model: Net, images: Tensor) -> Net:
    return adapted(momentum=1.0, after=0.1)(model, images)


def adapted(momentum=0.1, after=0.1, mode=nn.Module.train, where="", last="eval"):
    """Return the answer that sets the momentum of norms, runs, and sets it again."""

    @torch.no_grad()
    def answer(model: Net, images: Tensor) -> Net:
        layers = model.get_submodule(where).modules()
        norms = [layer for layer in layers if isinstance(layer, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = momentum
        mode(model.eval().get_submodule(where))
        model(images)
        for norm in norms:
            norm.momentum = after
        return getattr(model, last)()

    return answer


def only_reset(model: Net, images: Tensor) -> Net:
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
    return model.eval()


def of_the_pictures(model: Net, images: Tensor) -> Net:
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.fill_(images.mean())
            layer.running_var.fill_(images.var())
    return model.eval()


def some_others(draw: Draw) -> tuple[Net, Tensor]:
    seed, width, contrast = draw.next_seed(), draw.randint(2, 5), draw.randint(2, 9)
    net = small(Adapted, draw.randint(3, 6), width, seed)
    images = contrast / 3 * pictures(draw.randint(40, 64), seed) + draw.signed(1, 30)
    return net.train(draw.choice((True, False))), images


ADAPT_NORMS = Exercise(
    adapt_norms,
    may_change=(0,),
    cases=lambda: [
        (small(Adapted).eval(), pictures(32)),
        (small(Adapted, width=3, seed=1).train(), 3 * pictures(48, seed=1) - 2),
        (small(Adapted, classes=5, seed=2).eval(), pictures(32, seed=2) / 4),
    ],
    hidden=by_seed(some_others),
    hints=(
        "When does a norm look at the statistics of a batch and remember them? And how "
        "much of them does it take over at once?",
        "In train mode it takes over the share `momentum`, 0.1, and keeps 0.9 of the "
        "old. So which momentum forgets the old at once? Put 0.1 back afterwards.",
        "norm.momentum = 1.0 for every nn.BatchNorm2d in model.modules(); "
        "model.train()(images) in no_grad; norm.momentum = 0.1; model.eval()",
    ),
    wrong=(
        Wrong(
            adapted(),
            "One pass in train mode moved the averages a tenth of the way: nine tenths "
            "are still of the old pictures. Which number of a norm says how far, and "
            "have you set it for every norm, also those within the blocks "
            "(`model.modules()`)?",
        ),
        Wrong(
            adapted(mode=nn.Module.eval),
            "Nothing has changed: in evaluation mode a norm uses its averages and "
            "learns nothing from a batch. In which mode does it?",
        ),
        Wrong(
            only_reset,
            "The averages are at 0 and 1, where a new norm starts: they belong to no "
            "pictures at all. What should fill them?",
        ),
        Wrong(
            adapted(momentum=1.0, after=1.0),
            "The averages are right, but the momentum is still 1: in the next training "
            "they would be those of the last batch only. What was it before?",
        ),
        Wrong(
            adapted(momentum=1.0, last="train"),
            "The averages are right, but the model is left in train mode: with the "
            "next batch they move again. How should it be handed back?",
        ),
        Wrong(
            adapted(momentum=1.0, where="stem"),
            "Only the stem's norm has adapted. The norms in the blocks sit deeper, in "
            "`branch`. What does `model.modules()` list that `model.stem` does not?",
        ),
        Wrong(
            of_the_pictures,
            "Every norm has the statistics of the pictures' pixels. But a norm in a "
            "block never sees a pixel. Whose mean and variance does it need?",
        ),
    ),
)


EXERCISES = {
    "6.1": NEW_HEAD,
    "6.2": ONE_STEP,
    "6.3": FREEZE_ALL_BUT_HEAD,
    "6.4": SHARE_RIGHT,
    "6.5": LABEL_SAVING,
    "6.6": ADAPT_NORMS,
    "6.7": TRAINING_AND_TEST,
    "6.8": PREDICT_NEW,
}
