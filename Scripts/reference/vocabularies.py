"""CLIP's vocabulary from a table of merges, in the files of transformers and of open_clip."""

import gzip

from .recorder import write_json

START, END = "<|startoftext|>", "<|endoftext|>"


def byte_alphabet():
    """Return the 256 characters that stand for bytes, in the order of CLIP's vocabulary."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [byte for byte in range(256) if byte not in kept]
    return [chr(byte) for byte in kept] + [chr(256 + index) for index in range(len(moved))]


def clip_tokens(merges):
    """Return the tokens in CLIP's order: bytes, bytes that end a word, merges, start, end."""
    alphabet = byte_alphabet()
    merged = ["".join(pair) for pair in merges]
    return [*alphabet, *(letter + "</w>" for letter in alphabet), *merged, START, END]


def published_merges():
    """Return the 48,894 merges of OpenAI's vocabulary, which open_clip carries with it."""
    from open_clip.tokenizer import default_bpe

    with gzip.open(default_bpe(), "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")
    return [tuple(line.split()) for line in lines[1 : 49152 - 256 - 2 + 1]]


def write_transformers(folder, merges, context):
    """Write vocab.json, merges.txt and their companions, as transformers' CLIP models have them."""
    vocabulary = {token: index for index, token in enumerate(clip_tokens(merges))}
    write_json(folder / "vocab.json", vocabulary, compact=True)
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    specials = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    write_json(folder / "special_tokens_map.json", specials)
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": context, "do_lower_case": True, **specials},
    )


def write_open_clip(folder, merges):
    """Write the table of merges that OpenAI's and open_clip's tokenizers read; return its path."""
    path = folder / "bpe_simple_vocab_16e6.txt.gz"
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
        # No line break at the end: the reference would take an empty line for a merge.
        file.write("\n".join(lines).encode())
    return path
