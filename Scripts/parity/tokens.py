"""Compares the ids that `zoo tokenize` gives with those of the reference's tokenizer for the same folder."""

import json

from parity import token_corpus

LINES = 12_000
SEED = 2026


def compare(command, folder, work):
    """Return how many lines of the corpus were compared and the numbers of those whose ids differ.

    Lines that hold a line feed are left out: `--text-from` would make two of them.
    """
    lines = [line for line in token_corpus.lines(LINES, SEED) if "\n" not in line]
    path = work / "corpus.txt"
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    printed = command.run("tokenize", folder, "--text-from", path, "--json")
    found = [json.loads(line)["ids"] for line in printed.split("\n")[:-1]]
    wanted = _reference(folder)(lines)
    if len(found) != len(wanted):
        raise ValueError(f"tokenize gave {len(found)} lines for {len(wanted)}")
    return len(lines), [number for number, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1]]


def _reference(folder):
    """Return the function from lines to ids with specials, of any length and without padding."""
    if (folder / "open_clip_config.json").exists():
        import open_clip

        tokenizer = open_clip.SimpleTokenizer()
        ends = [tokenizer.sot_token_id], [tokenizer.eot_token_id]
        return lambda lines: [ends[0] + tokenizer.encode(line) + ends[1] for line in lines]
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    return lambda lines: [tokenizer(line)["input_ids"] for line in lines]


def has_tokenizer(folder):
    """Return whether a folder holds the files of a tokenizer."""
    names = ("tokenizer.json", "vocab.txt", "merges.txt", "spiece.model", "bpe_simple_vocab_16e6.txt.gz")
    return any((folder / name).exists() for name in names)
