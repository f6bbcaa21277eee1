"""The heads are those of transformers' BertForPreTraining, gradients included."""

import torch

from helpers.lessons.lesson07 import bert_pair
from helpers.models.pretraining.bert_heads import BERTForPretraining
from helpers.models.transformer.bert import BERT
from helpers.page.parity import largest_gap


def test_both_heads_losses_and_gradients_are_the_library_s():
    torch.manual_seed(0)
    library = bert_pair.library_bert(19, 16, n_heads=2, layers=1, inner=24)
    ours = bert_pair.our_bert(library)
    ids = torch.randint(19, (2, 7))
    ids[0, 2] = 0  # the library's usual padding
    targets = ids.masked_fill(torch.arange(7) % 3 > 0, -100)
    pair = bert_pair.both_as_functions(
        ours, library, ids, targets, torch.tensor([1, 0])
    )
    assert largest_gap(*pair, *library.parameters()) < 1e-10


def test_the_shapes_and_the_tied_decoder():
    model = BERTForPretraining(BERT(11, 8, 2, 1, 16, longest=9))
    words, follows = model(torch.zeros(3, 5, dtype=torch.long))
    assert words.shape == (3, 5, 11)
    assert follows.shape == (3, 2)
    counted = sum(p.numel() for p in model.parameters())
    body = sum(p.numel() for p in model.bert.parameters())
    assert counted - body == 2 * (8 * 8 + 8) + 16 + 11 + (8 * 2 + 2)
