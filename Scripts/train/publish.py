"""Turns trained networks into the folders that the zoo ships, and measures what is in the folder."""

import numpy as np
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification

import cifar
from model_folder import measured_with, parameter_count, reference_case, save_weights, write_card, write_json, write_manifest

CARDS = {
    "resnet-cifar10": {
        "architecture": "ResNet (ResNetForImageClassification)",
        "paper": [
            "He et al. 2015, Deep Residual Learning for Image Recognition, arXiv:1512.03385",
            "He et al. 2018, Bag of Tricks for Image Classification with Convolutional Neural Networks, arXiv:1812.01187",
        ],
    },
    "vit-cifar10": {
        "architecture": "Vision Transformer (ViTForImageClassification)",
        "paper": [
            "Dosovitskiy et al. 2020, An Image is Worth 16x16 Words, arXiv:2010.11929",
            "Hinton et al. 2015, Distilling the Knowledge in a Neural Network, arXiv:1503.02531",
            "Romero et al. 2014, FitNets: Hints for Thin Deep Nets, arXiv:1412.6550",
            "Trockman & Kolter 2023, Mimetic Initialization of Self-Attention Layers, arXiv:2305.09828",
            "Liu et al. 2022, PatchDropout: Economizing Vision Transformers Using Patch Dropout, arXiv:2208.07220",
        ],
    },
}


def publish(name, model, image_size, data, output):
    """Writes weights in half precision, configuration, reference cases and card.json of one model."""
    folder = output / name
    save_weights(folder, model.to(memory_format=torch.contiguous_format))
    write_json(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "ViTImageProcessor",
            "do_resize": True,
            "size": {"height": image_size, "width": image_size},
            "resample": int(Image.Resampling.BICUBIC),
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": cifar.MEAN,
            "image_std": cifar.STD,
        },
    )
    published = AutoModelForImageClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    write_references(folder, name, published, processor, image_size)
    accuracy = measure(published, processor, data)
    write_card(
        folder,
        parameter_count(published),
        {
            "task": "image-classification",
            **CARDS[name],
            "dataset": "CIFAR-10 (Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images)",
            "dataset_license": "none stated; free for research",
            "recipe": "Scripts/train",
        },
        {
            "top1": accuracy,
            "dataset": "CIFAR-10 test, 10,000 images",
            "measured_with": measured_with("float32, from the published float16 weights"),
        },
    )
    print(f"{name}: top-1 {accuracy:.4f} with the published weights", flush=True)


@torch.no_grad()
def measure(model, processor, data, batch_size=250):
    """Top-1 on the test images, one crop, in float32, from PNG file to label as a user would have it."""
    paths = cifar.image_paths(data, "test")
    right = 0
    for start in range(0, len(paths), batch_size):
        batch = paths[start : start + batch_size]
        images = [Image.open(path).convert("RGB") for path, _ in batch]
        logits = model(**processor(images=images, return_tensors="pt")).logits
        right += (logits.argmax(1) == torch.tensor([label for _, label in batch])).sum().item()
    return right / len(paths)


def reference_image():
    """A small picture with smooth and with noisy parts, wider than high."""
    y, x = np.mgrid[0:75, 0:100]
    noise = np.random.RandomState(0).randint(-12, 13, (75, 100, 3))
    waves = 127 + 120 * np.sin(x / 9.0) * np.cos(y / 12.0)
    pixels = np.stack([waves, x * 255 // 100, y * 255 // 75], -1) + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_references(folder, name, model, processor, image_size):
    """Inputs and the float32 logits that PyTorch computes from the published file, for `zoo verify`."""
    references = folder / "ref"
    references.mkdir(exist_ok=True)
    image = reference_image()
    image.save(references / "image.png", optimize=True)
    processed = processor(images=image, return_tensors="np")["pixel_values"]
    np.save(references / "pixel_values.npy", processed)
    noise = torch.randn(1, 3, image_size, image_size, generator=torch.Generator().manual_seed(0))

    def compute(pixel_values):
        return {"logits": model(pixel_values=pixel_values).logits}

    inputs = {"image": torch.from_numpy(processed), "b1": noise}
    cases = [reference_case(references, case, {"pixel_values": pixels}, compute) for case, pixels in inputs.items()]
    preprocess = {"image": "image.png", "pixel_values": "pixel_values.npy", "processor": type(processor).__name__}
    write_manifest(references, name, cases, preprocess)
