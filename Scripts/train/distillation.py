"""What each network is trained to minimise: labels alone, or labels and a convolutional teacher."""

import torch
import torch.nn.functional as F
from torch import nn

from arithmetic import autocast
from cifar import prepare, upscale


class LabelObjective(nn.Module):
    """Cross-entropy with smoothed labels."""

    def __init__(self, label_smoothing):
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, model, view, labels, progress, generator):
        with autocast():
            logits = model(pixel_values=prepare(view)).logits.float()
        return F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing), logits


class DistillationObjective(nn.Module):
    """Trains a ViT on what a residual network makes of the same augmented view.

    Three terms: cross-entropy with the labels, the divergence from the teacher's softened predictions
    (Hinton et al. 2015, arXiv:1503.02531), and "hints" (Romero et al. 2014, arXiv:1412.6550): from the patch
    tokens of some layers a linear map has to predict the teacher's feature map at the same place. A transformer
    knows nothing of images at first; 64 targets an image teach it locality far sooner than one label does.
    The linear maps are only needed for training and are not published.

    In the first part of the run only a random half of the patches is fed to the network ("PatchDropout",
    Liu et al. 2022, arXiv:2208.07220), which makes an epoch nearly twice as fast.
    """

    # (layer of the ViT, hidden state of the teacher)
    HINTS = [(2, 1), (4, 2), (5, 3)]

    def __init__(self, teacher, teacher_size, student, divergence_weight, temperature, hint_weight, kept_share, full_from):
        super().__init__()
        self.teacher = [teacher.eval().requires_grad_(False)]  # in a list: not a part of this module's state
        self.teacher_size = teacher_size
        self.divergence_weight = divergence_weight
        self.temperature = temperature
        self.hint_weight = hint_weight
        self.kept_share = kept_share
        self.full_from = full_from
        self.grid = student.config.image_size // student.config.patch_size
        probe = torch.zeros(2, 3, teacher_size, teacher_size)
        widths = [features.shape[-1] for features in self.teach(probe)[1]]
        self.projections = nn.ModuleList(nn.Linear(student.config.hidden_size, width) for width in widths)

    @torch.no_grad()
    def teach(self, view):
        """The teacher's logits, and its feature maps as one standardised vector a patch: [N, patches, width] each."""
        enlarged = upscale(view, self.teacher_size)
        teacher = self.teacher[0]
        with autocast():
            output = teacher(pixel_values=prepare(enlarged), output_hidden_states=True)
        targets = [self.per_patch(output.hidden_states[stage].float()) for _, stage in self.HINTS]
        return output.logits.float(), targets

    def per_patch(self, features):
        """A feature map brought onto the ViT's grid of patches and standardised channel by channel."""
        size = features.shape[-1]
        if size > self.grid:
            features = F.pixel_unshuffle(features, size // self.grid)
        elif size < self.grid:
            features = F.interpolate(features, size=self.grid, mode="bilinear", align_corners=False)
        tokens = features.flatten(2).transpose(1, 2)
        return (tokens - tokens.mean((0, 1))) / (tokens.std((0, 1)) + 1e-3)

    def kept_patches(self, count, progress, generator):
        """Indices [N, kept] of the patches to use, or None for all."""
        if progress >= self.full_from:
            return None
        patches = self.grid**2
        return torch.rand(count, patches, generator=generator).argsort(1)[:, : int(patches * self.kept_share)]

    def forward(self, model, view, labels, progress, generator):
        teacher_logits, targets = self.teach(view)
        kept = self.kept_patches(len(view), progress, generator)
        with autocast():
            logits, layers = run_vit(model, prepare(view), kept)
            hint = 0.0
            for (layer, _), projection, target in zip(self.HINTS, self.projections, targets):
                if kept is not None:
                    target = select(target, kept)
                hint = hint + F.mse_loss(projection(layers[layer - 1][:, 1:]).float(), target)
        logits = logits.float()
        divergence = F.kl_div(
            F.log_softmax(logits / self.temperature, 1),
            F.log_softmax(teacher_logits / self.temperature, 1),
            log_target=True,
            reduction="batchmean",
        )
        loss = (1 - self.divergence_weight) * F.cross_entropy(logits, labels)
        loss = loss + self.divergence_weight * self.temperature**2 * divergence
        return loss + self.hint_weight * hint / len(self.HINTS), logits


def select(tokens, indices):
    """The tokens at `indices` [N, kept] of `tokens` [N, count, width]."""
    return tokens.gather(1, indices.unsqueeze(-1).expand(-1, -1, tokens.shape[-1]))


def run_vit(model, pixel_values, kept):
    """ViTForImageClassification's forward pass on some of the patches; also returns every layer's tokens."""
    tokens = model.vit.embeddings(pixel_values)
    if kept is not None:
        tokens = torch.cat([tokens[:, :1], select(tokens[:, 1:], kept)], 1)
    layers = []
    for layer in model.vit.layers:
        tokens = layer(tokens)
        layers.append(tokens)
    return model.classifier(model.vit.layernorm(tokens)[:, 0]), layers
