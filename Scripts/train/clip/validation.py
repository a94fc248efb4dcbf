"""How well the network does on pictures kept for validation, as the training log has it.

These are progress figures. The published ones are measured on other pictures, see `write_evaluation.py`.
"""

from itertools import product
from random import Random

import numpy as np
import torch
import torch.nn.functional as F

import captions
import cifar
import scenes
from two_towers import image_embeddings, text_embeddings

HEADER = (
    "step  scene_loss  scene_top1  photo_loss  photo_top1  scale  val_photos  val_looks  val_new_looks  val_groups"
    "  val_recall1  seconds"
)
LOOKS = list(product(range(len(scenes.SHAPES)), range(len(scenes.COLOURS)), range(len(scenes.TEXTURES))))
GROUPS = list(product(range(len(scenes.COUNTS)), range(len(scenes.POSITIONS))))


class Validation:
    """Five questions: the class of photographs; the look of scenes, known and new; number and place; captions of 500.

    The new looks are eight that are neither in the training nor in the published measurement.
    """

    def __init__(self, tokenizer, photos, work, seed=555):
        self.tokenizer = tokenizer
        random = np.random.RandomState(seed)
        known = scenes.seen_scenes(1500, random, group_share=0.0)[:400]
        new = scenes.scenes_with_looks(scenes.VALIDATION_LOOKS, 30, random)
        groups = scenes.seen_scenes(300, random, group_share=1.0)
        mixed = scenes.seen_scenes(500, random)
        self.photos = photos
        self.known, self.new, self.groups, self.mixed = (
            (torch.from_numpy(scenes.draw_all(rows, seed + number)), rows)
            for number, rows in enumerate((known, new, groups, mixed))
        )
        words = Random(seed)
        self.sentences = [captions.describe(row, set(range(7)), words)[0] for row in mixed.tolist()]

    @torch.no_grad()
    def measure(self, model):
        """The five shares of right answers."""
        look_texts = [captions.look_label(look) for look in LOOKS]
        group_texts = [captions.group_label(group) for group in GROUPS]
        photo_texts = [f"a photo of {captions.article(name)} {name}." for name in cifar.LABELS]
        looks = [
            (images, [LOOKS.index(tuple(row)) for row in rows[:, :3].tolist()])
            for images, rows in (self.known, self.new)
        ]
        groups = [GROUPS.index((row[scenes.COUNT], row[scenes.POSITION])) for row in self.groups[1].tolist()]
        return [
            self.top1(model, *self.photos, photo_texts),
            self.top1(model, *looks[0], look_texts),
            self.top1(model, *looks[1], look_texts),
            self.top1(model, self.groups[0], groups, group_texts),
            self.top1(model, self.mixed[0], range(len(self.sentences)), self.sentences),
        ]

    def top1(self, model, images, right, texts):
        sentences = F.normalize(text_embeddings(model, self.tokenizer, texts), dim=1)
        answers = [
            (image_embeddings(model, batch.float()) @ sentences.T).argmax(1) for batch in images.split(250)
        ]
        return (torch.cat(answers) == torch.as_tensor(right)).float().mean().item()

    def line(self, step, losses, model, seconds):
        """A line of the log under `HEADER`."""
        scale = model.logit_scale.exp().item()
        shares = self.measure(model)
        values = [step, *losses, scale, *shares, seconds]
        formats = ["4d", "10.4f", "10.4f", "10.4f", "10.4f", "5.1f", "10.4f", "9.4f", "13.4f", "10.4f", "11.4f", "7.0f"]
        return "  ".join(format(value, style) for value, style in zip(values, formats))
