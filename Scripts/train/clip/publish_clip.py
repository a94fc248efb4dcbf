"""Writes the folder of the trained CLIP: weights, tokenizer, preprocessing, reference cases, measured figures."""

import json

import numpy as np
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

import cifar
import score
from model_folder import measured_with, parameter_count, reference_case, save_weights, write_card, write_json, write_manifest
from publish import reference_image
from write_evaluation import write_evaluation

PAPERS = [
    "Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision, arXiv:2103.00020",
    "Dosovitskiy et al. 2020, An Image is Worth 16x16 Words, arXiv:2010.11929",
    "Sennrich et al. 2016, Neural Machine Translation of Rare Words with Subword Units, arXiv:1508.07909",
    "Hinton et al. 2015, Distilling the Knowledge in a Neural Network, arXiv:1503.02531",
    "Liu et al. 2022, PatchDropout: Economizing Vision Transformers Using Patch Dropout, arXiv:2208.07220",
]
DESCRIPTION = {
    "task": "zero-shot-image-classification",
    "architecture": "CLIP with a Vision Transformer (CLIPModel)",
    "dataset": "CIFAR-10 (Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images) and scenes",
    "dataset_license": "CIFAR-10: none stated; free for research. Scenes: drawn by this project, Apache-2.0",
    "paper": PAPERS,
    "recipe": "Scripts/train/clip",
}
# The figures that go into card.json; the others are printed.
CARD_FIGURES = [
    "cifar10_zero_shot_top1",
    "cifar10_unseen_wordings",
    "unseen_combinations",
    "unseen_counts_at_positions",
    "unseen_wordings",
    "retrieval_recall_at_1",
    "retrieval_recall_at_5",
]
REFERENCE_TEXTS = ["a photo of a cat.", "a small striped red circle on the left"]


def publish(name, model, tokenizer, data, output, work):
    """Writes weights in half precision and everything that describes them, and measures what was written."""
    folder = output / name
    save_weights(folder, model)
    for file in sorted((work / "tokenizer").iterdir()):
        (folder / file.name).write_bytes(file.read_bytes())
    size = model.config.vision_config.image_size
    write_json(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "CLIPImageProcessor",
            "do_convert_rgb": True,
            "do_resize": True,
            "size": {"shortest_edge": size},
            "resample": int(Image.Resampling.BICUBIC),
            "do_center_crop": True,
            "crop_size": {"height": size, "width": size},
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": cifar.MEAN,
            "image_std": cifar.STD,
        },
    )
    evaluation = work / "evaluation"
    write_evaluation(evaluation)
    measured = Measurement(folder)
    write_references(folder, name, measured)
    figures = measured.figures(evaluation, data)
    write_card(
        folder,
        parameter_count(measured.model),
        DESCRIPTION,
        {
            **{figure: round(figures[figure], 4) for figure in CARD_FIGURES},
            "dataset": "CIFAR-10 test images and drawn scenes",
            "measured_with": measured_with("float32, from the float16 weights"),
        },
    )
    print(json.dumps(figures, indent=2), flush=True)


class Measurement:
    """The published files in float32, used as anyone would: from picture files and texts."""

    def __init__(self, folder):
        self.model = CLIPModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.processor = AutoImageProcessor.from_pretrained(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)

    @torch.no_grad()
    def embed_images(self, paths, batch_size=250):
        parts = []
        for start in range(0, len(paths), batch_size):
            images = [Image.open(path).convert("RGB") for path in paths[start : start + batch_size]]
            pixels = self.processor(images=images, return_tensors="pt")["pixel_values"]
            parts.append(self.model.get_image_features(pixel_values=pixels).pooler_output)
        return torch.cat(parts).numpy()

    @torch.no_grad()
    def embed_texts(self, texts):
        batch = self.tokenizer(texts, padding=True, return_tensors="pt")
        return self.model.get_text_features(**batch).pooler_output.numpy()

    def choose(self, paths, embeddings, texts):
        """As `score.read_predictions`: each picture with the numbers of all texts, the best first."""
        labels = self.embed_texts(texts)
        cosines = embeddings @ (labels / np.linalg.norm(labels, axis=1, keepdims=True)).T
        return list(zip(paths, (-cosines).argsort(1, kind="stable").tolist()))

    def figures(self, evaluation, data):
        """All shares of the card, from the files of `write_evaluation` and CIFAR-10's test images."""

        def lines(*path):
            return evaluation.joinpath(*path).read_text().splitlines()

        def pictures(name):
            paths = sorted((evaluation / name / "images").iterdir())
            return paths, self.embed_images(paths)

        paths = [path for path, _ in cifar.image_paths(data, "test")]
        embeddings = self.embed_images(paths)
        by_template = []
        for file in ["template.txt", "template-1.txt", "template-2.txt", "template-3.txt"]:
            prompts = [lines("photos", file)[0].replace("{}", label) for label in lines("photos", "labels.txt")]
            by_template.append(score.photos(self.choose(paths, embeddings, prompts)))

        truths = {name: score.read_truth(evaluation / name / "truth.txt") for name in ("looks", "groups", "wordings")}
        looks = self.choose(*pictures("looks"), lines("looks", "labels.txt"))
        groups = self.choose(*pictures("groups"), lines("groups", "labels.txt"))
        paths, embeddings = pictures("wordings")
        by_wording = [
            score.choices(truths["wordings"], self.choose(paths, embeddings, lines("wordings", file)))
            for file in ("labels.txt", "labels-1.txt", "labels-2.txt", "labels-3.txt")
        ]
        embeddings = pictures("retrieval")[1]
        retrieval, new_retrieval = (
            score.retrieval(embeddings, self.embed_texts(lines("retrieval", file)))
            for file in ("captions.txt", "captions-new.txt")
        )
        return {
            "cifar10_zero_shot_top1": by_template[0],
            "cifar10_unseen_wordings": float(np.mean(by_template[1:])),
            "unseen_combinations": score.choices(truths["looks"], looks),
            "unseen_combinations_of_15": score.near(truths["looks"], looks),
            "unseen_counts_at_positions": score.choices(truths["groups"], groups),
            "seen_wordings": by_wording[0],
            "unseen_wordings": float(np.mean(by_wording[1:])),
            "retrieval_recall_at_1": retrieval["caption_of_picture"]["recall_at_1"],
            "retrieval_recall_at_5": retrieval["caption_of_picture"]["recall_at_5"],
            "retrieval_unseen_wordings_recall_at_1": new_retrieval["caption_of_picture"]["recall_at_1"],
            "caption_to_picture_recall_at_1": retrieval["picture_of_caption"]["recall_at_1"],
            "caption_to_picture_recall_at_5": retrieval["picture_of_caption"]["recall_at_5"],
        }


def write_references(folder, name, measured):
    """Inputs and the float32 outputs that PyTorch computes from the published files, for `zoo verify`."""
    references = folder / "ref"
    references.mkdir(exist_ok=True)
    image = reference_image()
    image.save(references / "image.png", optimize=True)
    processed = measured.processor(images=image, return_tensors="np")["pixel_values"]
    np.save(references / "pixel_values.npy", processed)
    size = measured.model.config.vision_config.image_size
    noise = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    texts = dict(measured.tokenizer(REFERENCE_TEXTS, padding=True, return_tensors="pt"))

    def compute(**inputs):
        return outputs(measured.model, inputs)

    cases = [
        reference_case(references, "image_b1", {"pixel_values": noise}, compute),
        reference_case(references, "text_b2", texts, compute),
        reference_case(references, "both", {"pixel_values": torch.from_numpy(processed), **texts}, compute),
    ]
    processor = type(measured.processor).__name__
    preprocess = {"image": "image.png", "pixel_values": "pixel_values.npy", "processor": processor}
    write_manifest(references, name, cases, preprocess)


def outputs(model, inputs):
    """Embeddings before normalisation, and with pictures and texts their scaled cosines."""
    texts = {key: inputs[key] for key in ("input_ids", "attention_mask") if key in inputs}
    if texts and "pixel_values" in inputs:
        both = model(**inputs)
        return {
            "image_embeds": both.vision_model_output.pooler_output,
            "text_embeds": both.text_model_output.pooler_output,
            "logits_per_image": both.logits_per_image,
        }
    if texts:
        return {"text_embeds": model.get_text_features(**texts).pooler_output}
    return {"image_embeds": model.get_image_features(pixel_values=inputs["pixel_values"]).pooler_output}
