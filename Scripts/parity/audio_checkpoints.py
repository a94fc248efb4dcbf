"""Full-size audio encoders with seeded weights and reference outputs."""

from dataclasses import dataclass, field

import numpy as np
import torch
import transformers
from safetensors.torch import save_file

from reference.audio_encoders import (
    batch,
    build,
    clip,
    flops_of,
    normalized,
    outputs,
    save_sound,
    write_preprocessor,
    write_vocabulary,
)
from reference.recorder import Recorder
from reference.seeded import generator

RATE = 16000


@dataclass(frozen=True)
class AudioCheckpoint:
    """One full-size model folder."""

    name: str
    architecture: str
    """The class of transformers."""
    arguments: dict = field(default_factory=dict)
    """What the configuration of transformers is given."""
    seconds: tuple = (10,)
    """Lengths of clips of their own."""
    masked: tuple = ()
    """Lengths in samples of clips in one batch with a mask, where the reference lets no padding leak."""
    languages: tuple = ()
    """Languages that get an adapter, and their numbers of letters."""
    layout: str = "transformers"

    def write(self, folder):
        """Write the model folder and its reference cases."""
        model = build(self.architecture, self.arguments)
        model.save_pretrained(folder)
        write_preprocessor(folder, bool(self.masked))
        if self.architecture.endswith("ForCTC"):
            write_vocabulary(folder)
        recorder = Recorder(folder)
        self._write_sound(recorder)
        for length in self.seconds:
            values = normalized(clip(length * RATE, f"{self.name}.s{length}"))
            flops = flops_of(model, values) if length == self.seconds[0] else None
            self._record(recorder, f"s{length}", model, {"input_values": values}, flops)
        if self.masked:
            values, mask = batch(self.masked, f"{self.name}.masked")
            self._record(recorder, "masked", model, {"input_values": values, "attention_mask": mask})
        for language, letters in self.languages:
            self._write_language(folder, model, language, letters)
            spoken = transformers.Wav2Vec2ForCTC.from_pretrained(
                folder, target_lang=language, ignore_mismatched_sizes=True, attn_implementation="eager"
            ).eval()
            values = normalized(clip(3 * RATE, f"{self.name}.{language}"))
            self._record(recorder, language, spoken, {"input_values": values})
            # Apart from the other cases, which are those of the language that the weights themselves have.
            entry = {**recorder.cases.pop(), "language": language}
            recorder.extra.setdefault("languages", []).append(entry)
        recorder.close()

    @staticmethod
    def _write_sound(recorder):
        """Store a sound file and what the model is fed for it."""
        stored = save_sound(recorder.folder / "audio.wav", clip(RATE, "sound").numpy(), RATE)
        np.save(recorder.folder / "input_values.npy", normalized(torch.from_numpy(stored)).numpy())
        recorder.extra["preprocess"] = {"audio": "audio.wav", "input_values": "input_values.npy"}

    @staticmethod
    def _record(recorder, case, model, inputs, flops=None):
        """Record one case, with the greedy path where there are letters."""
        found = outputs(model, **inputs)
        if not all(torch.isfinite(value).all() for value in found.values()):
            raise ValueError(f"{recorder.model}: reference outputs of case {case} are not finite")
        if "logits" in found and found["logits"].ndim == 3:
            found["greedy_ids"] = found["logits"].argmax(-1)
        recorder.add(case, inputs, found, flops)

    @staticmethod
    def _write_language(folder, model, language, letters):
        """Write the adapter of a language: its own small networks and head."""
        tensors = {}
        for key, value in model.state_dict().items():
            if "adapter_layer" in key or key.startswith("lm_head."):
                shape = [letters, *value.shape[1:]] if key.startswith("lm_head.") else value.shape
                noise = torch.randn(shape, generator=generator(f"{language}.{key}"))
                is_scale = key.endswith("norm.weight")
                tensors[key] = 1 + 0.1 * noise if is_scale else noise / value.shape[-1] ** 0.5
        save_file(tensors, folder / f"adapter.{language}.safetensors", {"format": "pt"})


LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "conv_bias": True,
}

AUDIO_CHECKPOINTS = [
    AudioCheckpoint("wav2vec2_base", "Wav2Vec2ForCTC", seconds=(10, 30)),
    AudioCheckpoint("wav2vec2_large_lv60", "Wav2Vec2ForCTC", LARGE, seconds=(5,), masked=(48000, 16400)),
    AudioCheckpoint("hubert_base", "HubertModel", seconds=(5,)),
    AudioCheckpoint("wavlm_base", "WavLMForCTC", seconds=(17,)),
    # The blocks of MMS at the size of its smaller model: 300 million parameters rather than a billion.
    AudioCheckpoint(
        "mms_300m", "Wav2Vec2ForCTC", {**LARGE, "adapter_attn_dim": 16}, seconds=(5,), languages=(("fra", 45),)
    ),
]
