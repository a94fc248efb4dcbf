"""Error rates of greedy decoding."""

import numpy as np
import torch

from batches import normalise
from network import BLANK, TOKENS, logits


def decode(tokens):
    """Text of the best token of each frame: repeats are one, blanks are left out."""
    kept = [token for token, before in zip(tokens, [None, *tokens]) if token != before and token != BLANK]
    return " ".join("".join(TOKENS[token] for token in kept).replace("|", " ").split())


def distance(said, heard):
    """Insertions, deletions and substitutions between two sequences (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, wanted in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, found in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (wanted != found))
    return row[-1]


def error_rates(pairs):
    """(word error rate, character error rate) of (said, heard) pairs: all errors over all that was said."""
    words = sum(distance(said.split(), heard.split()) for said, heard in pairs)
    letters = sum(distance(said, heard) for said, heard in pairs)
    return words / sum(len(said.split()) for said, _ in pairs), letters / sum(len(said) for said, _ in pairs)


@torch.no_grad()
def transcribe(model, rows):
    """(said, heard) of (samples, text) rows, one by one."""
    pairs = []
    for samples, text in rows:
        waves = normalise(torch.from_numpy(np.asarray(samples, np.float32))[None])
        pairs.append((text, decode(logits(model, waves)[0].argmax(-1).tolist())))
    return pairs
