"""What Llama is compared with is what it says, and the formulas are the counts."""

import pytest
import torch
import torch.nn.functional as F
from jinja2 import Template

from helpers.lessons.lesson08 import llama_parts
from helpers.models.llama.blocks import Llama
from helpers.models.llama.chat import chat_text
from helpers.models.transformer.attention import attend, causal_mask
from helpers.models.transformer.positions import rotate
from helpers.training.costs import flops

TEMPLATE = (  # as in SmolLM2's file
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' "
    "%}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by "
    "Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' "
    "+ message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if "
    "add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def test_norms_and_attention_are_those_of_pytorch_and_of_a_loop():
    x, weight, q, k, v = llama_parts.draws(3)
    rms = x.square().mean(dim=-1, keepdim=True).add(1e-5).sqrt()
    assert torch.allclose(llama_parts.rms_norm(x, weight, 1e-5), x / rms * weight)
    assert torch.allclose(llama_parts.library_norm(x, weight), x / rms * weight)
    heads = [
        attend(q[:, n], k[:, n // 3], v[:, n // 3], causal_mask(5))[0] for n in range(6)
    ]
    looked = torch.stack(heads, dim=1)
    assert torch.allclose(llama_parts.library_attention(q, k, v), looked)
    assert torch.allclose(llama_parts.shared_looking_back(q, k, v), looked)
    assert torch.allclose(llama_parts.turned_at_10_000(q), rotate(q))


def test_a_small_model_is_drawn_by_its_seed():
    (a, ids), (b, again), (c, _) = map(llama_parts.small_llama, (1, 1, 2))
    assert torch.equal(a.norm.weight, b.norm.weight)
    assert torch.equal(ids, again)
    assert not torch.equal(a.norm.weight, c.norm.weight)
    assert a.norm.weight.std() > 0.1


def test_gaps_are_relative_and_of_gradients_too():
    x = torch.tensor([1.0, 2.0])
    assert llama_parts.relative_gap(lambda x: x, lambda x: x, x) == 0
    gap = llama_parts.relative_gap(lambda x: 300 * x, lambda x: 200 * x, x)
    assert gap == pytest.approx(1.25)  # of the gradient; 0.5 of the output
    nan = llama_parts.relative_gap(lambda x: x, lambda x: x * float("nan"), x)
    assert nan != nan  # no comparison hides it


def test_bytes_and_operations_are_as_counted():
    sizes = llama_parts.SMALL
    model, ids = Llama(sizes).requires_grad_(False), torch.zeros(1, 7, dtype=torch.long)
    _, past = model(ids)
    counted = sum(part.nbytes for both in past for part in both)
    assert counted == llama_parts.cache_bytes(sizes, 7)
    assert llama_parts.cache_bytes(sizes, 7, sizes.n_heads) == 3 * counted
    assert flops(model, ids[:, :1], past) == llama_parts.next_flops(sizes, 7)


def test_writing_stops_before_the_end_or_after_the_most():
    torch.manual_seed(0)
    model, ids = Llama(llama_parts.SMALL), torch.tensor([3, 9])
    written = llama_parts.write_greedily(model, ids, -1, 6)
    longer = torch.cat([ids, torch.tensor(written[:-1])])
    best = model(longer[None])[0][0].argmax(dim=-1)
    assert written == best[1:].tolist()
    assert llama_parts.write_greedily(model, ids, written[0], 6) == []
    end = written.index(written[-1])
    assert llama_parts.write_greedily(model, ids, written[-1], 6) == written[:end]
    assert llama_parts.write_greedily(model, ids, -1, 0) == []


def test_the_library_s_new_tokens():
    class Library:
        def generate(self, ids_bt, max_new_tokens, do_sample):
            return F.pad(ids_bt, (0, max_new_tokens), value=7 + do_sample)

    assert llama_parts.library_writes(Library(), torch.tensor([1, 2]), 3) == [7, 7, 7]


def test_every_conversation_is_as_the_template_has_it():
    talks = llama_parts.conversations()
    assert {len(talk) for talk in talks} == {1, 2, 3, 4}
    for talk in talks:
        theirs = Template(TEMPLATE).render(messages=talk, add_generation_prompt=True)
        assert chat_text(talk) == theirs
