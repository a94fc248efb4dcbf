"""What the network minimises: contrast between pictures and captions within a batch of one domain."""

import torch
import torch.nn.functional as F

from two_towers import image_embeddings, text_embeddings


def similarities(model, tokenizer, images, texts, kept=None):
    """Scaled cosines [images, texts]."""
    pictures = F.normalize(image_embeddings(model, images, kept), dim=1)
    sentences = F.normalize(text_embeddings(model, tokenizer, texts), dim=1)
    return model.logit_scale.exp() * pictures @ sentences.T


def scene_loss(model, tokenizer, batch, kept):
    """Each picture has to find its caption and each caption its picture (Radford et al. 2021, arXiv:2103.00020).

    Other captions that are true of the picture are left out of the choice: they are no mistakes.
    """
    logits = similarities(model, tokenizer, batch.images, batch.texts, kept)
    logits = logits.masked_fill(batch.also_true, float("-inf"))
    count = len(batch.images)
    right = torch.arange(count)
    loss = (F.cross_entropy(logits, right) + F.cross_entropy(logits[:, :count].T, right)) / 2
    return loss, (logits.detach().argmax(1) == right).float().mean()


def photo_loss(model, tokenizer, batch, teacher, kept, share=0.5):
    """As for scenes, but all captions that are true of a picture's class are right.

    What a picture shows is for one part its label and for the other what a teacher says (Hinton et al. 2015,
    arXiv:1503.02531).
    """
    logits = similarities(model, tokenizer, batch.images, batch.texts, kept)
    classes = F.one_hot(batch.labels, batch.classes_of.shape[1]).float()
    believed = (1 - share) * classes + share * teacher(batch.images)
    caption_targets = distribution(believed @ batch.classes_of.T)
    picture_targets = distribution(batch.classes_of[: len(batch.images)] @ classes.T)
    to_caption = F.cross_entropy(logits, caption_targets)
    to_picture = F.cross_entropy(logits[:, : len(batch.images)].T, picture_targets)
    chosen = batch.classes_of[logits.detach().argmax(1)]
    return (to_caption + to_picture) / 2, (chosen * classes).sum(1).mean()


def distribution(weights):
    """Each row brought to the sum one."""
    return weights / weights.sum(1, keepdim=True)


def random_patches(images, patch, share, generator):
    """Random patches to use, [images, share of the patches] ("PatchDropout", Liu et al. 2022, arXiv:2208.07220)."""
    patches = (images.shape[-1] // patch) ** 2
    return torch.rand(len(images), patches, generator=generator).argsort(1)[:, : int(patches * share)]


def busy_patches(images, patch, share, generator):
    """As `random_patches`, but patches with more in them are likelier: most of a scene is background."""
    contents = F.unfold(images, patch, stride=patch)
    busy = contents.std(1) * torch.empty(len(images), contents.shape[2]).uniform_(0.5, 1.5, generator=generator)
    return busy.argsort(1, descending=True)[:, : int(contents.shape[2] * share)]
