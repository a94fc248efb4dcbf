"""The network: a CLIP whose vision tower starts as the zoo's vision transformer, and its forward passes in training."""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig, ViTForImageClassification

import cifar
from wordpieces import CONTEXT


def make_model(tokenizer, vit_folder, images):
    """A CLIPModel with a random text tower and the weights of a ViTForImageClassification in the vision tower.

    `images` (normalised, [N, 3, H, W]) are what the one layer that the ViT has no counterpart of is fitted on.
    """
    vit = ViTForImageClassification.from_pretrained(vit_folder, dtype=torch.float32).eval()
    shape = vit.config
    projection = 128
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=3,
        num_attention_heads=2,
        max_position_embeddings=CONTEXT,
        hidden_act="gelu",
        projection_dim=projection,
        **ids,
    )
    vision = CLIPVisionConfig(
        hidden_size=shape.hidden_size,
        intermediate_size=shape.intermediate_size,
        num_hidden_layers=shape.num_hidden_layers,
        num_attention_heads=shape.num_attention_heads,
        image_size=shape.image_size,
        patch_size=shape.patch_size,
        hidden_act=shape.hidden_act,
        projection_dim=projection,
    )
    model = CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=projection))
    take_over(model.vision_model, vit.vit, images)
    return model


@torch.no_grad()
def take_over(tower, vit, images):
    """Copies a ViT into CLIP's vision tower.

    CLIP's patch convolution has no bias, which goes into the position embeddings, and CLIP normalises the tokens before
    the first layer, which a ViT does not. The weights of that norm are fitted by least squares, channel by channel, so
    that it changes the tokens of `images` as little as it can.
    """
    source, target = vit.embeddings, tower.embeddings
    convolution = source.patch_embeddings.projection
    target.patch_embedding.weight.copy_(convolution.weight)
    target.class_embedding.copy_(source.cls_token[0, 0])
    target.position_embedding.weight.copy_(source.position_embeddings[0])
    target.position_embedding.weight[1:] += convolution.bias

    tokens = target(images).flatten(0, 1)
    bare = F.layer_norm(tokens, tokens.shape[-1:], eps=tower.pre_layrnorm.eps)
    centred = bare - bare.mean(0)
    slope = (centred * tokens).sum(0) / centred.square().sum(0)
    tower.pre_layrnorm.weight.copy_(slope)
    tower.pre_layrnorm.bias.copy_(tokens.mean(0) - slope * bare.mean(0))

    for layer, other in zip(tower.encoder.layers, vit.layers):
        pairs = [
            (layer.layer_norm1, other.layernorm_before),
            (layer.self_attn.q_proj, other.attention.q_proj),
            (layer.self_attn.k_proj, other.attention.k_proj),
            (layer.self_attn.v_proj, other.attention.v_proj),
            (layer.self_attn.out_proj, other.attention.o_proj),
            (layer.layer_norm2, other.layernorm_after),
            (layer.mlp.fc1, other.mlp.fc1),
            (layer.mlp.fc2, other.mlp.fc2),
        ]
        for mine, theirs in pairs:
            mine.load_state_dict(theirs.state_dict())
    tower.post_layernorm.load_state_dict(vit.layernorm.state_dict())


def image_embeddings(model, images, kept=None):
    """Embeddings of images on the 0...255 scale, not normalised; from the patches `kept` [N, number] alone if given."""
    tower = model.vision_model
    tokens = tower.embeddings(cifar.normalise(images))
    if kept is not None:
        patches = tokens[:, 1:].gather(1, kept.unsqueeze(-1).expand(-1, -1, tokens.shape[-1]))
        tokens = torch.cat([tokens[:, :1], patches], 1)
    tokens = tower.pre_layrnorm(tokens)
    for layer in tower.encoder.layers[:-1]:
        tokens = layer(tokens, attention_mask=None)
    return model.visual_projection(tower.post_layernorm(class_token_only(tower.encoder.layers[-1], tokens)))


def class_token_only(layer, tokens):
    """The last layer for the one token that is used: its keys and values are of all tokens, all else of the first."""
    normalised = layer.layer_norm1(tokens)
    attention = layer.self_attn
    split = (len(tokens), -1, attention.num_heads, attention.head_dim)
    query = attention.q_proj(normalised[:, :1]).view(split).transpose(1, 2)
    key = attention.k_proj(normalised).view(split).transpose(1, 2)
    value = attention.v_proj(normalised).view(split).transpose(1, 2)
    mixed = F.scaled_dot_product_attention(query, key, value)[:, :, 0].flatten(1)
    first = tokens[:, 0] + attention.out_proj(mixed)
    return first + layer.mlp(layer.layer_norm2(first))


def text_embeddings(model, tokenizer, texts):
    """Embeddings of texts, not normalised."""
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    return model.text_projection(model.text_model(**batch).pooler_output)


class Teacher(nn.Module):
    """The zoo's residual network: what it thinks an image shows, as probabilities."""

    def __init__(self, network, size, temperature):
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self.size = size
        self.temperature = temperature

    @torch.no_grad()
    def forward(self, images):
        enlarged = F.interpolate(images, size=self.size, mode="bicubic", antialias=True).clamp(0, 255)
        return (self.network(pixel_values=cifar.prepare(enlarged)).logits / self.temperature).softmax(1)
