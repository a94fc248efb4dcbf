"""The network: a Wav2Vec2ForCTC, how it is initialised, and its forward pass in training."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from audio import RATE

# Letters, the delimiter of words and the apostrophe; the blank of CTC is the padding token.
TOKENS = ["<pad>", "<s>", "</s>", "<unk>", "|", "'", *"abcdefghijklmnopqrstuvwxyz"]
BLANK = 0

BANDS = 40  # of the filter bank that the first convolution starts as
PHASES = 4
SPAN = 400  # samples of a filter, 25 ms

CONFIG = dict(
    vocab_size=len(TOKENS),
    hidden_size=192,
    num_hidden_layers=5,
    num_attention_heads=3,
    intermediate_size=640,
    conv_dim=(BANDS * PHASES, 128, 160, 192),
    conv_kernel=(SPAN, 3, 3, 3),
    conv_stride=(40, 2, 2, 2),
    conv_bias=True,
    feat_extract_norm="layer",
    do_stable_layer_norm=True,
    num_conv_pos_embeddings=32,
    num_conv_pos_embedding_groups=8,
    feat_proj_dropout=0.0,
    hidden_dropout=0.1,
    activation_dropout=0.0,
    attention_dropout=0.0,
    final_dropout=0.0,
    layerdrop=0.0,
    mask_time_prob=0.06,
    mask_time_length=4,
    mask_feature_prob=0.05,
    mask_feature_length=12,
    ctc_loss_reduction="mean",
    pad_token_id=BLANK,
    bos_token_id=1,
    eos_token_id=2,
)


def encode(text):
    return [TOKENS.index("|" if letter == " " else letter) for letter in text]


def samples_per_frame(config):
    return math.prod(config.conv_stride)


def make_model(waves):
    """Random weights but for the convolutions that stand for a filter bank; `waves` [B, T] is what it is scaled on."""
    config = Wav2Vec2Config(**CONFIG)
    model = Wav2Vec2ForCTC(config)
    nn.init.zeros_(model.lm_head.bias)
    start_as_filter_bank(model, waves)
    return model


def mel(hertz):
    return 2595 * math.log10(1 + hertz / 700)


def band_edges(count, low, high):
    """Centres of `count` bands, evenly spaced in mel, and the distances to the next."""
    steps = torch.linspace(mel(low), mel(high), count + 1, dtype=torch.float64)
    hertz = 700 * (10 ** (steps / 2595) - 1)
    return hertz[:-1], hertz.diff()


@torch.no_grad()
def start_as_filter_bank(model, waves):
    """The first convolution as Gabor filters of mel-spaced bands in four phases: after the rectifying GELU the four
    together follow a band's envelope. The second convolution starts by treating the phases of a band alike.

    Each filter is scaled to a mean response of one on `waves`; small biases of either sign keep, behind the layer norm,
    what is quieter than a tenth of that apart from what is loud.
    """
    first, second = (layer.conv for layer in model.wav2vec2.feature_extractor.conv_layers[:2])
    centres, distances = band_edges(BANDS, 60, 7400)
    time = (torch.arange(SPAN, dtype=torch.float64) - (SPAN - 1) / 2) / RATE
    spread = 1 / (2 * math.pi * (0.5 * distances).clamp(min=38))  # of the envelope, in seconds
    envelope = torch.exp(-0.5 * (time / spread[:, None]).square())
    turn = 2 * math.pi * centres[:, None] * time
    filters = torch.stack([envelope * torch.cos(turn + phase * math.pi / 2) for phase in range(PHASES)], 1)
    filters -= filters.mean(-1, keepdim=True)
    filters = filters.flatten(0, 1).float()
    response = windows(waves, SPAN, CONFIG["conv_stride"][0]) @ filters.T
    level = response.square().mean((0, 1)).view(BANDS, PHASES).mean(1).sqrt()
    first.weight.copy_((filters / level.repeat_interleave(PHASES)[:, None])[:, None])
    first.bias.copy_(0.1 * torch.randn(len(first.bias)).sign())

    shape = second.weight.shape
    by_band = torch.randn(shape[0], BANDS, 1, shape[2]).expand(-1, -1, PHASES, -1).reshape(shape)
    alone = torch.randn(shape)
    second.weight.copy_((0.9 * by_band + 0.3 * alone) / math.sqrt(shape[1] * shape[2]))


def windows(rows, span, stride):
    """[B, T, C] or [B, T] as overlapping windows [B, frames, C * span]."""
    if rows.ndim == 2:
        return rows.unfold(1, span, stride)
    return rows.unfold(1, span, stride).flatten(2)


def features(model, waves):
    """The convolutions as products of matrices over windows, frames before channels: [B, frames, channels].

    Faster here than Conv1d, whose one input channel and long kernel suit no fast algorithm, and nothing is transposed
    for the layer norms.
    """
    hidden = waves
    for layer in model.wav2vec2.feature_extractor.conv_layers:
        span, stride = layer.conv.kernel_size[0], layer.conv.stride[0]
        hidden = F.linear(windows(hidden, span, stride), layer.conv.weight.flatten(1), layer.conv.bias)
        hidden = F.gelu(layer.layer_norm(hidden))
    return hidden


def spans(shape, share, length, generator):
    """True in random spans [rows, positions] that cover about `share`."""
    starts = torch.rand(shape, generator=generator) < share / length
    return F.max_pool1d(F.pad(starts.float(), (length - 1, 0))[:, None], length, 1)[:, 0] > 0


def logits(model, waves, generator=None):
    """[B, frames, tokens] of normalised samples [B, T], as the model's own forward pass gives them without a mask.

    With a `generator` also what training adds: masked spans of time and of features.
    """
    config, inner = model.config, model.wav2vec2
    hidden, _ = inner.feature_projection(features(model, waves))
    if generator is not None:
        rows, frames, width = hidden.shape
        times = spans((rows, frames), config.mask_time_prob, config.mask_time_length, generator)
        hidden = torch.where(times[..., None], inner.masked_spec_embed, hidden)
        channels = spans((rows, width), config.mask_feature_prob, config.mask_feature_length, generator)
        hidden = hidden.masked_fill(channels[:, None], 0.0)
    encoder = inner.encoder
    hidden = encoder.dropout(hidden + encoder.pos_conv_embed(hidden))
    for layer in encoder.layers:
        hidden = hidden + layer.dropout(attend(layer.attention, layer.layer_norm(hidden)))
        hidden = hidden + layer.feed_forward(layer.final_layer_norm(hidden))
    return model.lm_head(encoder.layer_norm(hidden))


def attend(attention, hidden):
    split = (*hidden.shape[:2], attention.num_heads, attention.head_dim)
    query, key, value = (
        project(hidden).view(split).transpose(1, 2)
        for project in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    mixed = F.scaled_dot_product_attention(query, key, value)
    return attention.out_proj(mixed.transpose(1, 2).flatten(2))


def ctc_loss(scores, spoken):
    """CTC per letter (Graves et al. 2006) for the pieces of `Batches`; rows may be without any."""
    targets = [encode(" ".join(text for _, _, text in pieces)) for pieces in spoken]
    lengths = torch.tensor([len(target) for target in targets])
    flat = torch.tensor([token for target in targets for token in target])
    probabilities = F.log_softmax(scores.float(), -1).transpose(0, 1)
    frames = torch.full((len(spoken),), scores.shape[1])
    total = F.ctc_loss(probabilities, flat, frames, lengths, BLANK, reduction="sum", zero_infinity=True)
    usual = scores.shape[0] * scores.shape[1] // 10  # letters; with hardly any the few would count too much
    return total / lengths.sum().clamp(min=usual)


def even_loss(scores, spoken, step):
    """Cross-entropy per frame with the letters of each piece spread evenly over it: about where they are.

    CTC alone takes long to find out that anything but blanks is worth its while. `step` is the samples of a frame.
    """
    rows, frames, tokens = scores.shape
    targets = torch.full((rows, frames), BLANK)
    for row, pieces in zip(targets, spoken):
        for number, (start, end, text) in enumerate(pieces):
            letters = torch.tensor(encode(text))
            first, last = start // step, min(frames, end // step)
            places = torch.arange(last - first) * len(letters) // max(1, last - first)
            row[first:last] = letters[places]
            if number + 1 < len(pieces):
                row[last : pieces[number + 1][0] // step] = TOKENS.index("|")
    return F.cross_entropy(scores.flatten(0, 1), targets.flatten())
