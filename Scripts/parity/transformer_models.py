"""The full-size Swin, BEiT and DINOv2 models, and timm's variants of ViT, that `make parity` compares."""

_BEIT = (("use_relative_position_bias", True),)
_DINO = (("image_size", 518), ("patch_size", 14))

TRANSFORMER_MODELS = [
    {"name": "swin_tiny", "layout": "transformers", "architecture": "SwinForImageClassification", "batches": (1, 8)},
    {"name": "beit_base", "layout": "transformers", "architecture": "BeitForImageClassification", "arguments": _BEIT},
    {
        "name": "dinov2_base_linear",
        "layout": "transformers",
        "architecture": "Dinov2ForImageClassification",
        "arguments": _DINO,
        "resized": (280, 196),
    },
    {
        "name": "dinov2_registers_linear",
        "layout": "transformers",
        "architecture": "Dinov2WithRegistersForImageClassification",
        "arguments": _DINO,
    },
    {"name": "timm_swin_tiny", "layout": "timm", "architecture": "swin_tiny_patch4_window7_224"},
    {"name": "timm_swin_base", "layout": "timm", "architecture": "swin_base_patch4_window7_224"},
    {"name": "timm_beit_base", "layout": "timm", "architecture": "beit_base_patch16_224"},
    {
        "name": "timm_dinov2_reg4",
        "layout": "timm",
        "architecture": "vit_base_patch14_reg4_dinov2",
        "arguments": (("img_size", 224),),
    },
    {"name": "timm_vit_b32_clip", "layout": "timm", "architecture": "vit_base_patch32_clip_224"},
    {
        "name": "timm_vit_betwixt_reg4_gap",
        "layout": "timm",
        "architecture": "vit_betwixt_patch16_reg4_gap_256",
        "arguments": (("img_size", 224),),
    },
    {"name": "torchvision_swin_t", "layout": "torchvision", "architecture": "swin_t"},
    {"name": "torchvision_swin_b", "layout": "torchvision", "architecture": "swin_b"},
]
"""Arguments of `Checkpoint`."""
