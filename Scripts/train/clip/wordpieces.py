"""Byte-level byte-pair encoding in CLIP's form, learned from the captions and a list of common words."""

import json
import random
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import regex
from transformers import CLIPTokenizer

import captions
import scenes

END_OF_WORD = "</w>"
START, END = "<|startoftext|>", "<|endoftext|>"
VOCABULARY_SIZE = 1600
CONTEXT = 32

# How CLIP splits a lower-cased text into words.
WORD = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")

COMMON_WORDS = """
the of and to in is it you that he was for on are with as his they be at one have this from or had by hot but some
what there we can out other were all your when up use word how said an each she which do their time if will way about
many then them would write like so these her long make thing see him two has look more day could go come did my sound
no most number who over know water than call first people may down side been now find any new work part take get place
made live where after back little only round man year came show every good me give our under name very through just
form much great think say help low line before turn cause same mean differ move right boy old too does tell set three
want air well also play small end put home read hand large spell add even land here must big high such follow act why
ask men change went light kind off need house picture try us again animal point mother world near build self earth
father head stand own page should country found answer school grow study still learn plant cover food sun four thought
let keep eye never last door between city tree cross since hard start might story saw far sea draw left late run while
press close night real life few stop open seem together next white children begin got walk example ease paper often
always music those both mark book letter until mile river car feet care second group carry took rain eat room friend
began idea fish mountain north once base hear horse cut sure watch color colour face wood main enough plain girl usual
young ready above ever red list though feel talk bird soon body dog family direct pose leave song measure state
product black short class wind question happen complete ship area half rock order fire south problem piece told knew
pass farm top whole king size heard best hour better true during hundred am remember step early hold west ground
interest reach fast five sing listen six table travel less morning ten simple several vowel toward war lay against
pattern slow center centre love person money serve appear road map science rule govern pull cold notice voice fall
power town fine certain fly unit lead cry dark machine note wait plan figure star box noun field rest correct able
pound done beauty drive stood contain front teach week final gave green oh quick develop sleep warm free minute strong
special mind behind clear tail produce fact street inch lot nothing course stay wheel full force blue object decide
surface deep moon island foot yet busy test record boat common gold possible plane age dry wonder laugh thousand ago
ran check game shape yes hot miss brought heat snow bed bring sit perhaps fill east weight language among grey gray
sky grass sand beach forest wing leaf flower garden window wall floor roof bridge train bus bicycle motorbike van
engine sail harbour airport cat kitten puppy pony calf lamb sheep cow pig goat mouse rabbit fox wolf bear lion tiger
elephant monkey snake lizard turtle duck eagle owl swan hen truck lorry image photo photograph painting sketch cartoon
shadow bright pale crisp blurred tiny huge empty many none eight seven nine zero
""".split()


def byte_characters():
    """One printable character for each byte, as GPT-2 and CLIP have it (Radford et al. 2019), by byte."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    characters = {byte: chr(byte) for byte in kept}
    for byte in range(256):
        if byte not in characters:
            characters[byte] = chr(256 + len(characters) - len(kept))
    return characters


def word_counts(samples=30_000, seed=11):
    """How often each word counts: by the grammar, once for each held-out wording, twice if it is a common word."""
    counts = Counter()
    draw = random.Random(seed)
    for scene in scenes.seen_scenes(samples, np.random.RandomState(seed)).tolist():
        named = captions.named_attributes(draw)
        counts.update(WORD.findall(captions.describe(scene, named, draw)[0].lower()))
    for _, label in product(range(samples // 100), captions.PHOTO_NOUNS):
        counts.update(WORD.findall(captions.photo_caption(label, draw)[0].lower()))
    unseen = captions.UNSEEN_SENTENCES + captions.UNSEEN_PHRASES + captions.UNSEEN_PHOTO_TEMPLATES
    for text in unseen + list(captions.KINDS):
        counts.update(word for word in WORD.findall(text) if len(word) > 1)
    for word in COMMON_WORDS:
        counts[word] += 2
    return counts


def learn_merges(counts, limit):
    """The merges, most frequent pair first; equal counts in the order of the characters (Sennrich et al. 2016)."""
    characters = byte_characters()
    words = []
    for word, count in sorted(counts.items()):
        symbols = [characters[byte] for byte in word.encode()]
        words.append(([*symbols[:-1], symbols[-1] + END_OF_WORD], count))
    merges = []
    while len(merges) < limit:
        pairs = Counter()
        for symbols, count in words:
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += count
        if not pairs or max(pairs.values()) < 2:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = [(merged(symbols, best), count) for symbols, count in words]
    return merges


def merged(symbols, pair):
    """The symbols with every occurrence of the pair made one, from left to right."""
    if pair[0] not in symbols:
        return symbols
    result, index = [], 0
    while index < len(symbols):
        if tuple(symbols[index : index + 2]) == pair:
            result.append(pair[0] + pair[1])
            index += 2
        else:
            result.append(symbols[index])
            index += 1
    return result


def make_tokenizer(folder):
    """Learns the vocabulary, writes it to `folder` in CLIP's files, and returns the tokenizer."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    characters = list(byte_characters().values())
    single = characters + [character + END_OF_WORD for character in characters]
    merges = learn_merges(word_counts(), VOCABULARY_SIZE - len(single) - 2)
    tokens = list(dict.fromkeys(single + [left + right for left, right in merges])) + [START, END]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=CONTEXT)
    tokenizer.save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n")
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("".join(f"{line}\n" for line in lines))
    return tokenizer
