"""Writes the folder of the trained speech model: weights, vocabulary, preprocessing, reference cases, figures."""

import json
from pathlib import Path

import numpy as np
import torch
from transformers import Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

from audio import RATE, as_int16, read_wav, resample, write_wav
from model_folder import measured_with, parameter_count, reference_case, save_weights, write_card, write_json, write_manifest
from network import BLANK, TOKENS
from synthesis import Voice, say
from validation import error_rates
from write_evaluation import write_evaluation

PAPERS = [
    "Baevski et al. 2020, wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations, "
    "arXiv:2006.11477",
    "Graves et al. 2006, Connectionist Temporal Classification, doi:10.1145/1143844.1143891",
    "Park et al. 2019, SpecAugment, arXiv:1904.08779",
]
DESCRIPTION = {
    "task": "automatic-speech-recognition",
    "architecture": "wav2vec 2.0 with a CTC head (Wav2Vec2ForCTC)",
    "license": "CC-BY-SA-4.0",
    "dataset": "Free Spoken Digit Dataset (Jakobovski et al.) and speech synthesised with espeak-ng",
    "dataset_license": "Free Spoken Digit Dataset: CC BY-SA 4.0. Synthesised speech: made by this project",
    "paper": PAPERS,
    "recipe": "Scripts/train/speech",
}
SETS = ["left-out-speaker", "held-out-takes", "synthetic", "synthetic-new-voices"]
REFERENCE_TEXT = "turn the light on at half past seven"


def publish(name, model, data, output, work):
    """Writes weights in half precision and everything that describes them, and measures what was written."""
    folder = output / name
    forget_masking(model)
    save_weights(folder, model)
    write_texts(folder)
    write_json(
        folder / "preprocessor_config.json",
        {
            "feature_extractor_type": "Wav2Vec2FeatureExtractor",
            "feature_size": 1,
            "sampling_rate": RATE,
            "padding_side": "right",
            "padding_value": 0.0,
            "do_normalize": True,
            "return_attention_mask": True,
        },
    )
    measured = Measurement(folder)
    write_references(folder, name, measured)
    evaluation = work / "evaluation"
    write_evaluation(data, evaluation)
    figures = measured.figures(evaluation)
    words = {key: round(value, 4) for key, value in figures.items() if key.endswith("word_error_rate")}
    write_card(
        folder,
        parameter_count(measured.model),
        DESCRIPTION,
        {
            **words,
            "dataset": "sequences of digits of the Free Spoken Digit Dataset and synthesised sentences",
            "measured_with": measured_with("float32, float16 weights, greedy"),
        },
    )
    print(json.dumps(figures, indent=2), flush=True)


def forget_masking(model):
    """Takes out what stands for masked frames, which only training has."""
    model.config.mask_time_prob = model.config.mask_feature_prob = 0.0
    if hasattr(model.wav2vec2, "masked_spec_embed"):
        del model.wav2vec2.masked_spec_embed


def write_texts(folder):
    """The vocabulary and what Wav2Vec2CTCTokenizer needs beside it."""
    write_json(folder / "vocab.json", {token: index for index, token in enumerate(TOKENS)})
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": TOKENS[BLANK]}
    write_json(folder / "special_tokens_map.json", special)
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "Wav2Vec2CTCTokenizer",
            **special,
            "word_delimiter_token": "|",
            "do_lower_case": False,
            "replace_word_delimiter_char": " ",
        },
    )


class Measurement:
    """The published files in float32, used as anyone would: from sound files to text."""

    def __init__(self, folder):
        self.model = Wav2Vec2ForCTC.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.extractor = Wav2Vec2FeatureExtractor.from_pretrained(folder)
        self.tokenizer = Wav2Vec2CTCTokenizer.from_pretrained(folder)

    def inputs(self, path):
        samples, rate = read_wav(path)
        samples = resample(samples / np.float32(32768), rate, RATE)
        return self.extractor(samples, sampling_rate=RATE, return_tensors="pt").input_values

    @torch.no_grad()
    def transcribe(self, path):
        return self.tokenizer.decode(self.model(self.inputs(path)).logits[0].argmax(-1))

    def pairs(self, folder):
        """(said, heard) of every file of a folder of `write_evaluation`."""
        lines = (folder / "transcripts.txt").read_text().splitlines()
        files = (line.split("\t") for line in lines)
        return [(text, self.transcribe(folder / name)) for name, text in files]

    def figures(self, evaluation):
        found = {}
        for name in SETS:
            pairs = self.pairs(evaluation / name)
            Path(evaluation / name / "heard.txt").write_text("".join(f"{said}\t{heard}\n" for said, heard in pairs))
            words, letters = error_rates(pairs)
            key = name.replace("-", "_")
            found[f"{key}_word_error_rate"], found[f"{key}_character_error_rate"] = words, letters
        return found


def reference_sound():
    """A short sentence with a little noise, so that nothing of it is exactly silent."""
    samples, rate = say(REFERENCE_TEXT, Voice("en-us+m1", 170, 45, 0))
    samples = resample(samples, rate, RATE)
    noise = np.random.RandomState(0).normal(0, 20, len(samples))
    return as_int16(samples + noise)


def write_references(folder, name, measured):
    """Inputs, and the float32 logits and best tokens of PyTorch from the published files, for `zoo verify`."""
    references = folder / "ref"
    references.mkdir(exist_ok=True)
    write_wav(references / "audio.wav", reference_sound(), RATE)
    values = measured.inputs(references / "audio.wav")
    np.save(references / "input_values.npy", values.numpy())
    noise = torch.randn(1, 8_000, generator=torch.Generator().manual_seed(0))
    pair = torch.cat([values[:, 8_000:14_000], noise[:, :6_000]])

    def compute(input_values):
        logits = measured.model(input_values=input_values).logits
        return {"logits": logits, "greedy_ids": logits.argmax(-1)}

    inputs = {"audio": values, "noise": noise, "b2": pair}
    cases = [reference_case(references, case, {"input_values": sound}, compute) for case, sound in inputs.items()]
    processor = type(measured.extractor).__name__
    preprocess = {"audio": "audio.wav", "input_values": "input_values.npy", "processor": processor}
    write_manifest(references, name, cases, preprocess)
