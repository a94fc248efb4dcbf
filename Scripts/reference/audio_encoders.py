"""Builds audio encoders of transformers with seeded weights, and runs them for reference cases."""

import math
import wave

import torch
import transformers
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from reference.recorder import write_json
from reference.seeded import fill_checkpoint, generator, normal

CONFIGS = {
    "Wav2Vec2Conformer": transformers.Wav2Vec2ConformerConfig,
    "Wav2Vec2": transformers.Wav2Vec2Config,
    "Hubert": transformers.HubertConfig,
    "WavLM": transformers.WavLMConfig,
    "Data2VecAudio": transformers.Data2VecAudioConfig,
}
"""Configurations by what their models' names begin with; longer names first."""

LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ"]
"""The vocabulary of wav2vec 2.0's English models."""


def build(architecture, arguments, seed=0):
    """Return a seeded model of a transformers class, in evaluation mode."""
    family = next(config for prefix, config in CONFIGS.items() if architecture.startswith(prefix))
    config = family(**arguments)
    config.architectures = [architecture]
    torch.manual_seed(seed)
    model = getattr(transformers, architecture)(config)
    fixed = {name: value.clone() for name, value in model.named_buffers() if _is_fixed(name)}
    fill_checkpoint(model, seed)
    with torch.no_grad():
        for name, value in model.named_buffers():
            if name in fixed:
                value.copy_(fixed[name])
        for name, value in model.named_parameters():
            drawn = _drawn(name, value, seed)
            if drawn is not None:
                value.copy_(drawn)
        for name, module in model.named_modules():
            if isinstance(module, nn.Conv1d) and not hasattr(module, "parametrizations"):
                values = torch.randn(module.weight.shape, generator=generator(f"{name}.weight", seed))
                module.weight.copy_(values / math.sqrt(module.weight[0].numel()))
    model.set_attn_implementation("eager")
    return model.eval()


def _is_fixed(name):
    """Return whether a buffer is a table of positions, not a statistic."""
    return name.endswith(("inv_freq", ".pe"))


def _drawn(name, value, seed):
    """Return the values of a parameter that fan-in scaling would make too small to matter, or None."""
    values = torch.randn(value.shape, generator=generator(name, seed))
    if name.endswith("parametrizations.weight.original0"):
        return (1 + 0.1 * values) * math.sqrt(2.0)
    if name.endswith("parametrizations.weight.original1"):
        return values
    if name.endswith("gru_rel_pos_const"):
        return 1 + 0.3 * values
    if name.endswith("rel_attn_embed.weight"):
        return values
    if name.endswith(("pos_bias_u", "pos_bias_v")):
        return 0.5 * values
    if name.endswith("layer_weights"):
        return values
    return None


def outputs(model, input_values, attention_mask=None, states=False):
    """Return what a case records: logits where there is a head, else the last hidden state; all states on request."""
    with torch.inference_mode():
        options = {} if attention_mask is None else {"attention_mask": attention_mask}
        found = model(input_values=input_values.clone(), output_hidden_states=states, **options)
    result = {}
    if getattr(found, "logits", None) is not None:
        result["logits"] = found.logits
    elif getattr(found, "last_hidden_state", None) is not None:
        result["last_hidden_state"] = found.last_hidden_state
    if states:
        result["hidden_states"] = torch.stack(found.hidden_states)
    return result


def flops_of(model, input_values):
    """Return the FLOPs of a pass; weight normalisation keeps inference mode and the counter from being combined."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(input_values=input_values)
    return int(counter.get_total_flops())


def clip(samples, name):
    """Return one clip of seeded noise whose loudness and colour change, as a float tensor [samples]."""
    noise = normal((samples,), name)
    time = torch.arange(samples) / 16000
    tone = torch.sin(2 * math.pi * (200 + 100 * torch.sin(9 * time)) * time)
    return (0.3 * tone * (1 + torch.sin(31 * time)) + 0.1 * noise).float()


def normalized(values):
    """Return a clip as the feature extractor of transformers feeds it."""
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=True)
    return torch.from_numpy(extractor(values.numpy(), sampling_rate=16000, return_tensors="np")["input_values"])


def save_sound(file, samples, rate):
    """Write one channel of samples, -1 to 1, with 16 bits; return them as a reader gives them, fp32."""
    values = (samples * 32767).clip(-32768, 32767).astype("<i2")
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(values.tobytes())
    return values.astype("float32") / 32768


def batch(lengths, name):
    """Return normalised clips filled up with zeros, and their mask."""
    longest = max(lengths)
    values = torch.zeros(len(lengths), longest)
    mask = torch.zeros(len(lengths), longest, dtype=torch.int64)
    for row, length in enumerate(lengths):
        values[row, :length] = normalized(clip(length, f"{name}.{row}"))[0]
        mask[row, :length] = 1
    return values, mask


def write_preprocessor(folder, masks):
    """Write the feature extractor's file."""
    content = {
        "do_normalize": True,
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "feature_size": 1,
        "padding_side": "right",
        "padding_value": 0.0,
        "return_attention_mask": masks,
        "sampling_rate": 16000,
    }
    write_json(folder / "preprocessor_config.json", content)


def write_vocabulary(folder):
    """Write the files of the English letters' tokenizer."""
    write_json(folder / "vocab.json", {token: index for index, token in enumerate(LETTERS)})
    content = {
        "bos_token": "<s>",
        "do_lower_case": False,
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "tokenizer_class": "Wav2Vec2CTCTokenizer",
        "unk_token": "<unk>",
        "word_delimiter_token": "|",
    }
    write_json(folder / "tokenizer_config.json", content)
