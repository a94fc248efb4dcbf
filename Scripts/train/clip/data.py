"""Training batches of both domains, and the pictures that validation looks at."""

import random
from dataclasses import dataclass

import numpy as np
import torch

import captions
import cifar
import scenes

# So many of each class of CIFAR-10's training images are kept for validation.
VALIDATION_A_CLASS = 100
# Captions of the other domain in a batch: always wrong, so that the domains do not mix.
FOREIGN_CAPTIONS = 32
# Groups among the scenes: to count takes more practice than to tell looks apart.
GROUP_SHARE = 0.45


@dataclass
class SceneBatch:
    """Pictures and as many captions, then captions that are wrong for the picture that they were made from.

    `also_true` [pictures, captions] marks captions that hold for a picture although they were written for another.
    """

    images: torch.Tensor
    texts: list[str]
    also_true: torch.Tensor


@dataclass
class PhotoBatch:
    """Pictures with their classes and captions; `classes_of` [captions, 10] is 1 where a caption is true of a class."""

    images: torch.Tensor
    labels: torch.Tensor
    texts: list[str]
    classes_of: torch.Tensor


class SceneData:
    """Scenes drawn once, with a new caption each time that one is seen."""

    def __init__(self, count, seed, cache, group_share=GROUP_SHARE, unnamed_share=0.0):
        self.scenes = scenes.seen_scenes(count, np.random.RandomState(seed), group_share, unnamed_share)
        if not cache.exists():
            print(f"drawing {count} scenes", flush=True)
            np.save(cache, scenes.draw_all(self.scenes, seed))
        self.images = torch.from_numpy(np.load(cache))

    def batch(self, size, wrong, generator):
        """A random batch. Each group and each single object of the first `wrong` gets a caption off by one, too."""
        indices = torch.randint(len(self.scenes), (size,), generator=generator)
        words = random.Random(int(torch.randint(2**31, (1,), generator=generator)))
        images = cifar.translate(self.images[indices].float(), 1, generator)
        images = (images * cifar.uniform(size, 0.94, 1.06, generator)).clamp(0, 255)
        rows = self.scenes[indices.numpy()]
        texts, mentioned, false_texts, false_mentioned = [], [], [], []
        for number, scene in enumerate(rows.tolist()):
            named = captions.named_attributes(words)
            wording = words.random()
            text, values = captions.describe(scene, named, random.Random(wording))
            texts.append(text)
            mentioned.append(values)
            wanted = scene[scenes.SIZE] == scenes.GROUP or number < wrong
            changed = captions.change_one(scene, named, words) if wanted else None
            if changed is not None:  # in the same words but for the one that is wrong
                text, values = captions.describe(changed, named, random.Random(wording))
                false_texts.append(text)
                false_mentioned.append(values)
        labels = [captions.choose(words, cifar.LABELS) for _ in range(FOREIGN_CAPTIONS)]
        foreign = [captions.photo_caption(label, words)[0] for label in labels]
        values = np.array(mentioned + false_mentioned)
        agrees = (values[None] == rows[:, None]) | (values[None] == -1)
        # Whether a place without a name is as a caption says is nobody's to say.
        agrees[scenes.is_unnamed(rows), :, scenes.POSITION] = True
        true = agrees.all(-1)
        true[np.arange(size), np.arange(size)] = False
        also_true = np.concatenate([true, np.zeros((size, len(foreign)), bool)], 1)
        return SceneBatch(images, texts + false_texts + foreign, torch.from_numpy(also_true))


class PhotoData:
    """CIFAR-10's training images but for those kept for validation, augmented as for the classifiers."""

    def __init__(self, root):
        images, labels = cifar.load_split(root, "train")
        rank = torch.cat([torch.arange(int(number)) for number in labels.bincount()])
        kept = rank >= VALIDATION_A_CLASS
        self.images, self.labels = images[kept], labels[kept]
        self.validation = images[~kept], labels[~kept]

    def batch(self, size, strength, generator):
        indices = torch.randint(len(self.images), (size,), generator=generator)
        words = random.Random(int(torch.randint(2**31, (1,), generator=generator)))
        epoch = int(torch.randint(2, (1,), generator=generator))
        images = cifar.augment(self.images[indices], indices, epoch, scenes.SIDE, generator, 10, strength)
        labels = self.labels[indices]
        captioned = [captions.photo_caption(cifar.LABELS[label], words) for label in labels.tolist()]
        rows = scenes.seen_scenes(FOREIGN_CAPTIONS, np.random.RandomState(words.randrange(2**31))).tolist()
        foreign = [captions.describe(row, captions.named_attributes(words), words)[0] for row in rows]
        classes_of = torch.zeros(size + len(foreign), len(cifar.LABELS))
        for row, (_, names) in enumerate(captioned):
            classes_of[row, [cifar.LABELS.index(name) for name in names]] = 1
        return PhotoBatch(images, labels, [text for text, _ in captioned] + foreign, classes_of)
