"""Twelve sentences, each rewritten in six ways, and what MiniLM makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.checkpoints.minilm import MiniLM
from helpers.checkpoints.text_transfer import batch_of

# sentence, misspelt, negated, roles exchanged, and three that mean the same: other
# words, French, German
SENTENCES = """
The teacher praised the farmer for his honest report.
The techer prased the famer for his honst reprot.
The teacher never praised the farmer for his honest report.
The farmer praised the teacher for his honest report.
For a truthful account, a man with a field of wheat was commended by his tutor.
Le professeur a félicité l'agriculteur pour son rapport sincère.
Der Lehrer lobte den Bauern für seinen ehrlichen Bericht.

The nurse woke the driver before the bus left.
The nusre wok the drivr befor the bsu left.
The nurse did not wake the driver before the bus left.
The driver woke the nurse before the bus left.
A hospital worker roused the man at the wheel ahead of the coach's departure.
L'infirmière a réveillé le chauffeur avant le départ du car.
Die Krankenschwester weckte den Fahrer, bevor der Bus abfuhr.

My uncle beat the champion at chess last winter.
My uncel beet the chmapion at ches last wintr.
My uncle did not beat the champion at chess last winter.
The champion beat my uncle at chess last winter.
In the cold months, a relative of mine won a board game against the title holder.
Mon oncle a battu le champion aux échecs l'hiver dernier.
Mein Onkel hat den Meister letzten Winter im Schach geschlagen.

The dog chased the postman across the wet garden.
The dgo chassed the psotman acros the wett gardn.
The dog never chased the postman across the wet garden.
The postman chased the dog across the wet garden.
A barking pet ran after the man with the letters over the soaked lawn.
Le chien a poursuivi le facteur à travers le jardin mouillé.
Der Hund jagte den Briefträger durch den nassen Garten.

The bank sued the builder over the broken roof.
The bnak seud the bilder over the brokn rof.
The bank did not sue the builder over the broken roof.
The builder sued the bank over the broken roof.
A lender took the construction firm to court because of damaged tiles.
La banque a poursuivi le constructeur en justice pour le toit cassé.
Die Bank verklagte den Bauunternehmer wegen des kaputten Daches.

The violinist taught the baker to read music.
The vilionist tought the bakr to reed musci.
The violinist never taught the baker to read music.
The baker taught the violinist to read music.
Someone who plays strings showed the man who makes bread how to follow a score.
Le violoniste a appris au boulanger à lire la musique.
Der Geiger brachte dem Bäcker das Notenlesen bei.

The judge believed the thief and closed the case.
The jugde beleived the theif and closd the csae.
The judge did not believe the thief and did not close the case.
The thief believed the judge and closed the case.
In court the word of the burglar was trusted, and the trial ended.
Le magistrat a cru le voleur et a classé l'affaire.
Der Richter glaubte dem Dieb und schloss den Fall ab.

The captain warned the cook about the storm.
The captian wanred the cok abuot the strom.
The captain never warned the cook about the storm.
The cook warned the captain about the storm.
The skipper told the man in the galley that bad weather was coming.
Le capitaine a averti le cuisinier de la tempête.
Der Kapitän warnte den Koch vor dem Sturm.

The students invited the poet to their summer party.
The studens invted the peot to thier sumer praty.
The students did not invite the poet to their summer party.
The poet invited the students to their summer party.
A writer of verse was asked by the class to come to a celebration in July.
Les étudiants ont invité le poète à leur fête d'été.
Die Studenten luden den Dichter zu ihrem Sommerfest ein.

The dentist paid the gardener for planting roses.
The detnist payed the gardner for platning rosses.
The dentist did not pay the gardener for planting roses.
The gardener paid the dentist for planting roses.
A man who fixes teeth gave money to the one who put flowers in the ground.
Le dentiste a payé le jardinier pour planter des rosiers.
Der Zahnarzt bezahlte den Gärtner für das Pflanzen von Rosen.

The spy followed the minister through the museum.
The spi folowed the minster throuhg the musuem.
The spy never followed the minister through the museum.
The minister followed the spy through the museum.
Among the paintings, a secret agent kept close behind the politician.
L'espion a suivi le ministre à travers le musée.
Der Spion folgte dem Minister durch das Museum.

The goalkeeper carried the referee off the pitch.
The goalkeper carryed the refere of the ptich.
The goalkeeper did not carry the referee off the pitch.
The referee carried the goalkeeper off the pitch.
The player between the posts lifted the man with the whistle and took him away.
Le gardien de but a porté l'arbitre hors du terrain.
Der Torwart trug den Schiedsrichter vom Platz.
"""
WAYS = ("sentence", "misspelt", "negated", "exchanged", "reworded", "French", "German")
TABLE = [block.splitlines() for block in SENTENCES.strip().split("\n\n")]
TEXTS = {way: [row[i] for row in TABLE] for i, way in enumerate(WAYS)}


@torch.no_grad()
def vectors(
    minilm: MiniLM, texts: Sequence[str], positions: str = "kept", seed: int = 0
) -> Tensor:
    """Return MiniLM's vectors of texts, (N, C), of length 1.

    `positions`: "kept", "shuffled" (each text's are dealt out anew, by the seed) or
    "none" (no token is told where it stands). Raises KeyError for another word.
    """
    generator = torch.Generator().manual_seed(seed)
    tables, found = minilm.model.embeddings, []
    for text in texts:
        ids_t = minilm.encode(text)[0]
        T = len(ids_t)
        order = {
            "kept": torch.arange,
            "none": torch.arange,
            "shuffled": lambda n: torch.randperm(n, generator=generator),
        }[positions](T)
        seen_tc = tables.word_embeddings(ids_t)
        if positions == "none":  # what the model is about to add
            seen_tc = seen_tc - tables.position_embeddings(order)
        states = minilm.model(inputs_embeds=seen_tc[None], position_ids=order[None])
        found.append(states.last_hidden_state[0].mean(dim=0))
    return F.normalize(torch.stack(found), dim=1)


def words_shuffled(texts: Sequence[str], seed: int) -> list[str]:
    """Return the texts, the words of each in another order."""
    random = Random(seed)
    return [" ".join(random.sample(t.split(), len(t.split()))) for t in texts]


def found_first(queries_nc: Tensor, texts_nc: Tensor) -> float:
    """Return the share of queries that are nearest to the text at their own place."""
    nearest = (queries_nc @ texts_nc.T).argmax(dim=1)
    return (nearest == torch.arange(len(nearest))).float().mean().item()


def between(vectors_nc: Tensor) -> Tensor:
    """Return the cosines of N vectors of length 1, two by two: (N (N - 1) / 2,)."""
    N = len(vectors_nc)
    return (vectors_nc @ vectors_nc.T)[torch.ones(N, N).triu(1).bool()]


@torch.no_grad()
def cls_by_layer(minilm: MiniLM, texts: Sequence[str]) -> Tensor:
    """Return the state of [CLS] before the first layer and after each, scaled to
    length 1: (L + 1, N, C)."""
    ids_bt, real_bt = batch_of(minilm, texts)
    states = minilm.model(ids_bt, real_bt, output_hidden_states=True).hidden_states
    return F.normalize(torch.stack([layer[:, 0] for layer in states]), dim=-1)


def weights_by_place(
    vectors_of: Callable[[Sequence[str]], Tensor], sentences: Sequence[str], n: int
) -> Tensor:
    """Return how much each place of a document weighs, (N documents, n).

    Document i joins n sentences from number i on, so that each sentence stands once in
    every place. Its vector is written as a sum of its sentences' vectors, as nearly as
    possible (least squares); the weights of a document are scaled to sum to 1.
    """
    N = len(sentences)
    members = torch.tensor([[(i + k) % N for k in range(n)] for i in range(N)])
    joined = [" ".join(sentences[k] for k in row) for row in members.tolist()]
    single_nc = vectors_of(sentences)
    parts_ncm = single_nc[members].mT
    weights = torch.linalg.lstsq(parts_ncm, vectors_of(joined)[..., None]).solution
    return weights[..., 0] / weights[..., 0].sum(dim=1, keepdim=True)
