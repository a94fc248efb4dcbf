"""What training and validation are made of: digits said by people and synthesised sentences, at 16 kHz, as pieces.

A piece is a recording with its text. Pieces are made once and kept in a file, as int16.
"""

import multiprocessing
import os
from dataclasses import dataclass
from random import Random

import numpy as np
import torch

import fsdd
from audio import RATE, as_int16, change_speed, change_tempo, resample
from synthesis import random_voice, say
from vocabulary import random_digits, sentences

SENTENCES = 12_000
DIGIT_SENTENCES = 2_000  # digits alone, said by synthetic voices
VALIDATION_SENTENCES = 120
TEST_SENTENCES = 300
# Each take of a digit is stored so many times, with another speed and tempo each.
TAKE_VERSIONS = 8


@dataclass
class Pieces:
    """Recordings one after another; `kinds` is "speaker" for people and "synthetic"."""

    samples: np.ndarray  # int16
    starts: np.ndarray  # one more than there are pieces
    texts: list[str]
    kinds: list[str]

    def __getitem__(self, index):
        return self.samples[self.starts[index] : self.starts[index + 1]]

    def __len__(self):
        return len(self.texts)

    @staticmethod
    def join(rows):
        """From (samples, text, kind) rows."""
        parts = [as_int16(samples) for samples, _, _ in rows]
        starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
        return Pieces(np.concatenate(parts), starts, [row[1] for row in rows], [row[2] for row in rows])


def test_texts():
    """The sentences of the published figure, and those of validation; training has none of them."""
    found = sentences(TEST_SENTENCES + VALIDATION_SENTENCES, seed=4_000)
    return found[:TEST_SENTENCES], found[TEST_SENTENCES:]


def training_texts():
    """What synthetic voices say in training."""
    tests, validation = test_texts()
    kept = {*tests, *validation}
    random = Random(2)
    digits = [" ".join(random_digits(random)) for _ in range(DIGIT_SENTENCES)]
    return sentences(SENTENCES, seed=1_000, without=kept) + [text for text in digits if text not in kept]


def trim(samples, edge=480, share=0.002):
    """Cuts off the silence at both ends, but for 30 ms."""
    loud = np.flatnonzero(np.abs(samples) > share * np.abs(samples).max())
    return samples[max(0, loud[0] - edge) : loud[-1] + edge]


def synthesise_one(arguments):
    number, text, seed, new_voices, bend = arguments
    random = Random(f"{seed}-{number}")
    samples, rate = say(text, random_voice(random, new_voices))
    samples = trim(resample(samples, rate, RATE))
    if bend and random.random() < 0.7:
        samples = change_speed(samples, random.uniform(0.86, 1.17))
    return as_int16(samples), text, "synthetic"


def synthesise(texts, seed, workers=1, new_voices=False, bend=True):
    """Each text by a random voice; `bend` changes the speed of most by up to a sixth, which makes new voices."""
    jobs = [(number, text, seed, new_voices, bend) for number, text in enumerate(texts)]
    if workers == 1:
        return [synthesise_one(job) for job in jobs]
    # A forked process would wait for threads of torch that it does not have.
    with multiprocessing.get_context("spawn").Pool(workers, torch.set_num_threads, (1,)) as pool:
        return pool.map(synthesise_one, jobs, chunksize=50)


def digit_pieces(folder):
    """The training takes of people in several versions, each brought to about the same level."""
    random, rows = Random(1), []
    for (speaker, word), recordings in fsdd.takes(folder, fsdd.TRAINING_TAKES).items():
        for samples in recordings:
            samples = samples * (2500 / (samples.std() + 1e-3))
            for version in range(TAKE_VERSIONS):
                bent = samples
                if version > 0:
                    # Above 1 the vocal tract gets shorter. The tempo is then set apart from it.
                    factor = random.uniform(0.8, 1.25)
                    bent = change_tempo(change_speed(samples, factor), random.uniform(0.72, 1.4) / factor)
                rows.append((bent, word, speaker))
    return rows


def make_training(folder, cache):
    """Makes all pieces of the training, unless the file `cache` has them already."""
    if not cache.exists():
        texts = training_texts()
        print(f"synthesising {len(texts)} sentences", flush=True)
        pieces = Pieces.join(digit_pieces(folder) + synthesise(texts, seed=3, workers=os.cpu_count()))
        partial = cache.with_suffix(".partial")
        torch.save(vars(pieces), partial, pickle_protocol=4)
        partial.replace(cache)


def load_training(cache):
    """What `make_training` made."""
    return Pieces(**torch.load(cache, weights_only=False))


def join_takes(recordings, count, random, rate):
    """Sequences of one to eight digits from all `recordings` [(text, samples)], each used once, with pauses between.

    Levels stay as recorded. A faint noise fills the pauses.
    """
    noise = np.random.RandomState(random.randrange(2**31))
    order = random.sample(range(len(recordings)), len(recordings))
    rows = []
    while order:
        chosen = [recordings[order.pop()] for _ in range(min(len(order), random.randint(1, count)))]
        parts = [np.zeros(round(random.uniform(0.05, 0.4) * rate))]
        for _, samples in chosen:
            parts += [samples, np.zeros(round(random.uniform(0.05, 0.45) * rate))]
        joined = np.concatenate(parts)
        rows.append((joined + noise.normal(0, 6, len(joined)), " ".join(text for text, _ in chosen)))
    return rows


def make_validation(folder):
    """Rows of (samples at 16 kHz, text): sequences of validation takes, and sentences."""
    random, takes = Random(6), {}
    for (speaker, word), recordings in fsdd.takes(folder, fsdd.VALIDATION_TAKES).items():
        takes.setdefault(speaker, []).extend((word, samples) for samples in recordings)
    people = [row for own in takes.values() for row in join_takes(own, 8, random, RATE)]
    _, texts = test_texts()
    half = len(texts) // 2
    known = synthesise(texts[:half], seed=7, bend=False)
    new = synthesise(texts[half:], seed=8, new_voices=True, bend=False)
    return people, [(samples, text) for samples, text, _ in known + new]
