"""Full-size dual encoders with seeded weights, reference outputs and zero-shot probabilities."""

import math
from dataclasses import dataclass, field

import numpy as np
import open_clip
import torch
from PIL import Image

from fixtures import tiny_tokenizers
from fixtures.dual_tensor_lists import LARGE_CLIP
from reference import vocabularies
from reference.dual_open_clip import OpenCLIPDualEncoder
from reference.dual_transformers import TransformersDualEncoder
from reference.pictures import test_picture
from reference.recorder import Recorder, count_flops
from reference.seeded import generator, normal

LABELS = ["a cat", "a red car at night", "two dogs", "an empty beach", "a page of text"]
TEMPLATES = ["a photo of {}.", "a drawing of {}.", "{}, seen from above"]
PROMPTS = [template.format(label) for label in LABELS for template in TEMPLATES]

TRAINED_SCALE = math.log(100)
"""What the scale of CLIP's logits ends at in training."""

OLD_END = {"text_config": {"eos_token_id": 2, "bos_token_id": 0, "pad_token_id": 1}}


@dataclass(frozen=True)
class DualCheckpoint:
    """One full-size model folder."""

    name: str
    layout: str
    architecture: str
    """The class of transformers, or the name of open_clip's configuration."""
    arguments: dict = field(default_factory=dict)
    """What the configuration of transformers is given."""
    tokenizer: str = ""
    """`clip` for OpenAI's vocabulary, `unigram` for a small one of our own; empty for none, and no zero-shot case."""
    gain: float = 1.0
    batches: tuple = (1,)
    texts: tuple = ()
    """Numbers of texts of 5 to 24 tokens, padded to the context as the reference does, for timing."""
    resized: tuple = ()
    """Height and width of one more image, for which position embeddings are interpolated."""

    def write(self, folder):
        """Write the model folder and its reference cases."""
        model = self._model()
        model.save(folder)
        recorder = Recorder(folder)
        preprocess, processor = model.preprocess(folder)
        image = recorder.add_picture(test_picture(), preprocess, processor)
        ids = self._ids(folder)
        cases = {"image": {"pixel_values": image, "input_ids": ids}, "texts": {"input_ids": ids[:3]}}
        height, width = image.shape[-2:]
        for batch in self.batches:
            cases[f"image_b{batch}"] = {"pixel_values": normal((batch, 3, height, width), f"{self.name}.b{batch}")}
        for count in self.texts:
            cases[f"text_b{count}"] = {"input_ids": self._padded_ids(count)}
        if self.resized:
            cases["resized"] = {"pixel_values": normal((1, 3, *self.resized), f"{self.name}.resized")}
        for case, inputs in cases.items():
            outputs = model.outputs(**inputs)
            outputs.pop("last_hidden_state", None)
            if not all(torch.isfinite(value).all() for value in outputs.values()):
                raise ValueError(f"{self.name}: reference outputs of case {case} are not finite")
            flops = count_flops(lambda inputs=inputs: model.outputs(**inputs)) if "_b" in case else None
            recorder.add(case, inputs, outputs, flops)
        if self.tokenizer:
            recorder.extra["zero_shot"] = self._zero_shot(model, folder, image)
        recorder.close()

    def _model(self):
        options = {"gain": self.gain, "scale": TRAINED_SCALE}
        if self.layout == "open_clip":
            return OpenCLIPDualEncoder(self.architecture, **options)
        return TransformersDualEncoder(self.architecture, self.arguments, **options)

    def _ids(self, folder):
        """Write the tokenizer's files; return the ids of the prompts."""
        if self.tokenizer == "clip" and self.layout == "open_clip":
            vocabularies.write_open_clip(folder, vocabularies.published_merges())
        elif self.tokenizer == "clip":
            vocabularies.write_transformers(folder, vocabularies.published_merges(), 77)
        elif self.tokenizer == "unigram":
            tiny_tokenizers.write_siglip(folder, 64)
        if self.layout == "open_clip":
            if self.tokenizer:
                return open_clip.SimpleTokenizer()(PROMPTS)
            return torch.randint(2, 30_000, (4, 64), generator=torch.Generator().manual_seed(7))
        from transformers import AutoTokenizer

        padding = {"padding": "max_length", "max_length": 64} if self.tokenizer == "unigram" else {"padding": True}
        return AutoTokenizer.from_pretrained(folder)(PROMPTS, return_tensors="pt", **padding)["input_ids"]

    def _padded_ids(self, count):
        """Return ids of texts of different lengths: start, made-up words, end, padding to the context of CLIP."""
        start, end, context = 49_406, 49_407, 77
        ids = torch.full((count, context), end)
        ids[:, 0] = start
        drawn = torch.randint(512, 8000, (count, context), generator=generator(f"{self.name}.texts"))
        for row in range(count):
            words = 5 + row * 7 % 20
            ids[row, 1 : 1 + words] = drawn[row, :words]
        return ids

    def _zero_shot(self, model, folder, pixels):
        """Write the reference's probabilities; return the manifest's entry."""
        entry = {"image": "image.png", "labels": LABELS, "templates": TEMPLATES}
        if self.layout == "open_clip":
            scores = model.zero_shot(pixels, open_clip.SimpleTokenizer(), LABELS, TEMPLATES)[0].numpy()
        else:
            entry["templates"] = TEMPLATES[:1]
            with Image.open(folder / "ref/image.png") as image:
                scores = np.asarray(model.zero_shot(folder, image, LABELS, TEMPLATES[0]), dtype="float32")
        np.save(folder / "ref/probabilities.npy", scores)
        return {**entry, "probabilities": "probabilities.npy"}


DUAL_CHECKPOINTS = [
    DualCheckpoint(
        "clip_vit_b32",
        "transformers",
        "CLIPModel",
        OLD_END,
        "clip",
        batches=(1, 32),
        texts=(1, 80),
        resized=(256, 192),
    ),
    DualCheckpoint("clip_vit_l14", "transformers", "CLIPModel", LARGE_CLIP, "clip"),
    DualCheckpoint("clip_rn50", "open_clip", "RN50-quickgelu", tokenizer="clip", gain=1.1, batches=(1, 8)),
    DualCheckpoint("open_clip_vit_b32", "open_clip", "ViT-B-32", tokenizer="clip"),
    DualCheckpoint("siglip_base", "transformers", "SiglipModel", tokenizer="unigram", resized=(256, 192)),
    DualCheckpoint("open_clip_siglip_base", "open_clip", "ViT-B-16-SigLIP"),
]
