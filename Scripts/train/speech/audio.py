"""Sound files, sampling rates and tempo."""

import math
import wave
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

RATE = 16_000


def read_wav(path):
    """Samples of a 16-bit mono file as int16, and its sampling rate."""
    with wave.open(str(path)) as file:
        assert (file.getsampwidth(), file.getnchannels()) == (2, 1), path
        return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()


def write_wav(path, samples, rate):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(as_int16(samples).tobytes())


def as_int16(samples):
    return np.asarray(samples).round().clip(-32768, 32767).astype("<i2")


@lru_cache
def windowed_sinc(source, target, lobes=6, rolloff=0.99):
    """The polyphase filter [target, 1, taps] and its half width; the rates are without common divisor."""
    base = min(source, target) * rolloff
    width = math.ceil(lobes * source / base)
    time = torch.arange(-width, width + source, dtype=torch.float64) / source
    time = (time - torch.arange(target, dtype=torch.float64)[:, None] / target) * base
    time = time.clamp(-lobes, lobes)
    kernel = torch.sinc(time) * torch.cos(time * math.pi / lobes / 2).square() * (base / source)
    return kernel.float()[:, None], width


def resample(samples, source, target=RATE):
    """Windowed-sinc resampling with the filter that torchaudio.functional.resample has by default."""
    if source == target:
        return np.asarray(samples, np.float32)
    divisor = math.gcd(source, target)
    source, target = source // divisor, target // divisor
    kernel, width = windowed_sinc(source, target)
    padded = F.pad(torch.as_tensor(np.asarray(samples, np.float32)), (width, width + source))
    out = F.conv1d(padded[None, None], kernel, stride=source)[0].T.flatten()
    return out[: math.ceil(target * len(samples) / source)].numpy()


def change_speed(samples, factor):
    """Plays faster (above 1) or slower: tempo, pitch and formants go together."""
    samples = np.pad(samples, (0, -len(samples) % 512))
    count = len(samples)
    wanted = 128 * round(count / factor / 128)  # few large prime factors: a fast transform
    spectrum = np.fft.rfft(samples)
    return (np.fft.irfft(spectrum[: wanted // 2 + 1], wanted) * (wanted / count)).astype(np.float32)


def change_tempo(samples, factor, window=480, search=120):
    """Plays faster or slower and leaves pitch and formants: overlapping windows, each moved to where it fits best
    (WSOLA, Verhelst & Roelands 1993)."""
    hop = window // 2
    taper = np.hanning(window + 1)[:-1].astype(np.float32)
    steps = max(1, round(len(samples) / factor / hop))
    padded = np.pad(np.asarray(samples, np.float32), (hop + search, 2 * window + 2 * search))
    out = np.zeros((steps + 2) * hop, np.float32)
    previous = None
    for step in range(steps + 1):
        centre = search + round(step * hop * factor)
        if previous is None:
            start = centre
        else:
            natural = padded[previous + hop : previous + hop + window]
            if len(natural) < window or centre + search + window > len(padded):
                break
            region = padded[centre - search : centre + search + window]
            fit = np.correlate(region, natural, "valid")
            energy = np.convolve(region**2, np.ones(window, np.float32), "valid")
            start = centre - search + int(np.argmax(fit / np.sqrt(energy + 1.0)))
        out[step * hop : step * hop + window] += taper * padded[start : start + window]
        previous = start
    return out[hop : hop + max(1, round(len(samples) / factor))]
