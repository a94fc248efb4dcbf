"""Sentence encoders: transformers' text encoders in sentence-transformers folders, with seeded weights."""

import json
import tempfile
from dataclasses import dataclass

import numpy as np
import torch
import transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules as parts
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .layout_transformers import stored_tensors
from .recorder import Recorder, count_flops, write_json
from .seeded import fill_checkpoint, generator

CONFIGS = {
    "BertModel": transformers.BertConfig,
    "RobertaModel": transformers.RobertaConfig,
    "XLMRobertaModel": transformers.XLMRobertaConfig,
    "MPNetModel": transformers.MPNetConfig,
}

SPELLED = (
    "the a of and to in is on with for it cat dog bird red blue green small large sits runs sleeps under over near "
    "table house river street photo two three old new query passage time day night light dark water stone"
)
WORDS = SPELLED.split()
"""What the vocabularies spell in one piece; everything else falls apart into letters."""

SENTENCES = [
    "A cat sits on the table.",
    "The small dog runs near the old house at night",
    "two birds",
    "",
    "Light over dark water, and a stone in the river!",
    "Ünïcödé café: 3 × 4 = 12",
    "the red bird sleeps under the green table",
    "a blue photo of the street",
]


def word_pieces(size, specials):
    """Return a WordPiece vocabulary of `size` entries: special tokens by place, letters, words, then filler."""
    characters = list("abcdefghijklmnopqrstuvwxyz0123456789.,:!?'-×=")
    letters = [character for character in characters if character.isalnum()]
    pieces = [*characters, *("##" + letter for letter in letters), *WORDS, "##ing", "##ed"]
    seen = set(specials.values())
    rest = iter([piece for piece in dict.fromkeys(pieces) if piece not in seen])
    vocabulary = [specials.get(index) or next(rest, f"[filler{index}]") for index in range(size)]
    if next(rest, None) is not None:
        raise ValueError(f"a vocabulary of {size} is too small for the letters")
    return {piece: index for index, piece in enumerate(vocabulary)}


def bert_tokenizer(size):
    """Return BERT's tokenizer over a synthetic vocabulary; the published ids of special tokens where it is large."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    places = [0, 100, 101, 102, 103] if size > 1000 else range(5)
    vocabulary = word_pieces(size, dict(zip(places, names, strict=True)))
    return transformers.BertTokenizer(vocab=vocabulary, do_lower_case=True)


def mpnet_tokenizer(size):
    """Return MPNet's tokenizer over a synthetic vocabulary."""
    specials = {0: "<s>", 1: "<pad>", 2: "</s>", 3: "<unk>", 4: "[UNK]", size - 1: "<mask>"}
    return transformers.MPNetTokenizer(vocab=word_pieces(size, specials), do_lower_case=True)


def roberta_tokenizer(size):
    """Return RoBERTa's byte-level BPE with a few merges learned from the sentences."""
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    trained.train_from_iterator([" ".join(WORDS), *SENTENCES] * 4, trainer)
    model = json.loads(trained.to_str())["model"]
    return transformers.RobertaTokenizer(vocab=model["vocab"], merges=[tuple(pair) for pair in model["merges"]])


def xlm_roberta_tokenizer(size):
    """Return XLM-RoBERTa's unigram tokenizer over words and letters with made-up scores."""
    letters = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:!?-×=éïöÜ")
    pieces = ["▁", *("▁" + word for word in WORDS), *letters]
    vocabulary = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocabulary += [(piece, -2.0 - 0.05 * index) for index, piece in enumerate(pieces)]
    vocabulary += [(f"filler{index}", -30.0) for index in range(size - len(vocabulary) - 1)]
    return transformers.XLMRobertaTokenizer(vocab=[*vocabulary, ("<mask>", 0.0)])


TOKENIZERS = {
    "BertModel": bert_tokenizer,
    "RobertaModel": roberta_tokenizer,
    "XLMRobertaModel": xlm_roberta_tokenizer,
    "MPNetModel": mpnet_tokenizer,
}


class SentenceEncoder:
    """A sentence-transformers model with seeded weights."""

    def __init__(self, architecture, arguments, tail, options=None, limit=None, gain=1.0):
        """Build `architecture` (a transformers class name) from its configuration's keyword arguments.

        `tail` lists what follows the transformer as pairs of a module's class name and its keyword arguments;
        `options` are keyword arguments of `SentenceTransformer`, such as prompts; `limit` is the longest input.
        """
        self.architecture = architecture
        config = CONFIGS[architecture](**arguments)
        module = fill_checkpoint(getattr(transformers, architecture)(config), gain=gain)
        with torch.no_grad():
            # Strong enough that a mistake in a distance shows.
            if architecture == "MPNetModel":
                module.encoder.relative_attention_bias.weight.mul_(10)
        with tempfile.TemporaryDirectory() as folder:
            module.save_pretrained(folder)
            TOKENIZERS[architecture](config.vocab_size).save_pretrained(folder)
            transformer = parts.Transformer(folder, max_seq_length=limit)
        transformer.model.set_attn_implementation("eager")
        self.module = transformer.model.eval()
        follow = [getattr(parts, name)(**keywords) for name, keywords in tail]
        for index, part in enumerate(follow):
            if isinstance(part, parts.Dense):
                _fill_dense(part, f"dense.{index}")
        self.model = SentenceTransformer(modules=[transformer, *follow], device="cpu", **(options or {})).eval()

    def outputs(self, input_ids, attention_mask=None, token_type_ids=None):
        """Return `last_hidden_state` and `sentence_embedding` for token ids."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        features = {"input_ids": input_ids, "attention_mask": mask}
        if token_type_ids is not None:
            features["token_type_ids"] = token_type_ids
        with torch.inference_mode():
            hidden = self.module(**features).last_hidden_state
            embedding = self.model(dict(features))["sentence_embedding"]
        return {"last_hidden_state": hidden, "sentence_embedding": embedding}

    def embed(self, texts, prompt=None):
        """Return the embeddings of texts, longer ones cut."""
        return self.model.encode(texts, prompt_name=prompt, convert_to_tensor=True, batch_size=len(texts)).cpu()

    def token_ids(self, texts, prompt=None):
        """Return the ids that the model is fed for each text, without padding."""
        prompts = self.model.prompts
        prefix = prompts[prompt] if prompt else prompts.get(self.model.default_prompt_name or "", "")
        return [self.model.tokenizer(prefix + text, truncation=True)["input_ids"] for text in texts]

    def save(self, folder):
        """Write a sentence-transformers folder."""
        self.model.save(str(folder), create_model_card=False)

    def tensors(self, folder):
        """Return names, types and shapes of a saved folder's transformer."""
        return stored_tensors(folder / "model.safetensors")


def _fill_dense(part, name):
    """Draw the weights of a linear module."""
    with torch.no_grad():
        for key, tensor in part.named_parameters():
            scale = 0.02 if key.endswith("bias") else tensor.shape[-1] ** -0.5
            tensor.copy_(scale * torch.randn(tensor.shape, generator=generator(f"{name}.{key}")))


def record_texts(encoder, folder, runs):
    """Write `ref/texts.json` and an array for each run: (prompt or None, texts)."""
    entries = []
    for index, (prompt, texts) in enumerate(runs):
        file = f"texts{index}.npy"
        np.save(folder / "ref" / file, encoder.embed(texts, prompt).numpy())
        ids = encoder.token_ids(texts, prompt)
        entries.append({"prompt": prompt, "texts": texts, "ids": ids, "embedding": file})
    write_json(folder / "ref/texts.json", {"runs": entries}, compact=True)


def token_ids(batch, tokens, vocabulary, name):
    """Return random ids without the special ones, which lie below 5 in small vocabularies and 999 in large."""
    first = 999 if vocabulary > 5000 else 5
    return torch.randint(first, vocabulary - 1, (batch, tokens), generator=generator(name))


def padded(ids, lengths, padding):
    """Return ids with padding after each length, and the mask."""
    mask = (torch.arange(ids.shape[1])[None] < torch.tensor(lengths)[:, None]).long()
    return torch.where(mask == 1, ids, padding), mask


@dataclass(frozen=True)
class SentenceCheckpoint:
    """One full-size model folder: mean pooling and unit length around an architecture."""

    name: str
    architecture: str
    arguments: tuple = ()
    """What differs from the defaults of the architecture's configuration."""
    limit: int = 512
    gain: float = 1.0
    layout: str = "sentence-transformers"

    def build(self):
        """Build the model with seeded weights."""
        arguments = dict(self.arguments)
        width = arguments.get("hidden_size", 768)
        tail = [("Pooling", {"embedding_dimension": width, "pooling_mode": "mean"}), ("Normalize", {})]
        return SentenceEncoder(self.architecture, arguments, tail, limit=self.limit, gain=self.gain)

    def write(self, folder):
        """Write the model folder and its reference cases: ids of batch 1, 8 (padded) and 32, and sentences."""
        encoder = self.build()
        encoder.save(folder)
        recorder = Recorder(folder)
        config = encoder.module.config
        for case, batch, tokens in (("b1", 1, 128), ("b8", 8, 64), ("b32", 32, 32)):
            ids = token_ids(batch, tokens, config.vocab_size, f"{self.name}.{case}")
            lengths = [tokens - 7 * row if case == "b8" else tokens for row in range(batch)]
            ids, mask = padded(ids, lengths, config.pad_token_id)
            outputs = encoder.outputs(ids, mask)
            flops = count_flops(lambda: encoder.module(input_ids=ids, attention_mask=mask))
            recorder.add(case, {"input_ids": ids, "attention_mask": mask}, outputs, flops)
        np.save(folder / "ref/sentences.npy", encoder.embed(SENTENCES).numpy())
        recorder.extra["sentences"] = {"texts": SENTENCES, "embedding": "sentences.npy"}
        recorder.close()


MINILM = (
    ("hidden_size", 384),
    ("num_hidden_layers", 6),
    ("num_attention_heads", 12),
    ("intermediate_size", 1536),
)
SENTENCE_CHECKPOINTS = [
    SentenceCheckpoint("minilm_l6", "BertModel", MINILM, limit=256),
    SentenceCheckpoint(
        "mpnet_base", "MPNetModel", (("max_position_embeddings", 514), ("layer_norm_eps", 1e-5)), limit=384
    ),
]
"""The sizes of all-MiniLM-L6-v2 and all-mpnet-base-v2."""
