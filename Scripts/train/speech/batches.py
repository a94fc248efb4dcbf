"""Batches: pieces in a row with pauses, then another room, another microphone and noise."""

import numpy as np
import torch

from audio import RATE
from vocabulary import DIGITS


def normalise(waves):
    """As Wav2Vec2FeatureExtractor does: mean 0 and variance 1 of each row."""
    centred = waves - waves.mean(1, keepdim=True)
    return centred / (waves.var(1, keepdim=True, correction=0) + 1e-7).sqrt()


class Batches:
    """Rows of equal length from the pieces, about `digit_share` of them sequences of digits said by people."""

    def __init__(self, pieces):
        self.pieces = pieces
        self.synthetic = [i for i, kind in enumerate(pieces.kinds) if kind == "synthetic"]
        self.digits = {}  # {speaker: {word: [piece]}}
        for i, kind in enumerate(pieces.kinds):
            if kind != "synthetic":
                self.digits.setdefault(kind, {}).setdefault(pieces.texts[i], []).append(i)

    def batch(self, rows, samples, digit_share, random, spared_share=0.0):
        """Normalised samples [rows, samples] and for each row its pieces, (start, end, text) in samples.

        `spared_share` of the synthetic rows stay as they are. `random` is a numpy RandomState.
        """
        waves = np.zeros((rows, samples), np.float32)
        spoken, from_people = [], []
        for row in waves:
            people = random.rand() < digit_share
            spoken.append(self.fill(row, people, random))
            from_people.append(people)
        generator = torch.Generator().manual_seed(random.randint(2**31 - 1))
        waves, from_people = torch.from_numpy(waves), torch.tensor(from_people)
        disturbed = disturb(waves, from_people, generator)
        spared = (torch.rand(rows, generator=generator) < spared_share) & ~from_people
        return normalise(torch.where(spared[:, None], waves, disturbed)), spoken

    def fill(self, row, people, random):
        """Writes pieces and pauses into the row and says which are where; pauses share what the pieces leave."""
        if random.rand() < 0.01:
            return []  # nobody speaks
        chosen, free = [], len(row)
        source = self.digit_stream(random) if people else self.sentence_stream(random)
        # Most rows are nearly full: training time goes into speech.
        reserve = random.choice([0.02, 0.06, 0.15, 0.3]) * len(row)
        for index, gain in source:
            piece = self.pieces[index]
            if chosen and len(piece) > free - reserve:
                break
            if len(piece) > free:
                continue
            chosen.append((piece, gain, self.pieces.texts[index]))
            free -= len(piece)
        shares = random.dirichlet(np.full(len(chosen) + 1, 1.5))
        if random.rand() < 0.25:
            shares[0] = 0
        if random.rand() < 0.25:
            shares[-1] = 0
        pauses = shares / max(shares.sum(), 1e-9) * free
        at, spoken = 0.0, []
        for (piece, gain, text), pause in zip(chosen, pauses):
            at += pause
            part = piece * np.float32(gain)
            start = min(int(at), len(row) - len(part))
            row[start : start + len(part)] += part
            at += len(part)
            spoken.append((start, start + len(part), text))
        return spoken

    def digit_stream(self, random):
        """Digits in the voice of one speaker, or each in another."""
        speakers = sorted(self.digits)
        one = speakers[random.randint(len(speakers))] if random.rand() < 0.7 else None
        # A version of a take is another voice; a sequence keeps to the same few only by chance.
        spread = random.choice([0.0, 3.0, 8.0])
        while True:
            own = self.digits[one or speakers[random.randint(len(speakers))]]
            takes = own[DIGITS[random.randint(len(DIGITS))]]
            yield takes[random.randint(len(takes))], 10 ** (spread * random.randn() / 20)

    def sentence_stream(self, random):
        while True:
            yield self.synthetic[random.randint(len(self.synthetic))], 10 ** (3 * random.randn() / 20)


def uniform(low, high, count, generator):
    return torch.empty(count, 1).uniform_(low, high, generator=generator)


def disturb(waves, from_people, generator):
    """Reverberation, colouring, missing bands, narrow bands and noise, all at once in the spectrum of each row."""
    rows, samples = waves.shape
    count = samples // 2 + 1
    spectrum = torch.fft.rfft(waves)
    hertz = torch.linspace(0, RATE / 2, count)
    octaves = torch.log2(hertz.clamp(min=60) / 60)  # 0...7

    # Rooms: sparse early reflections and a decaying tail, in a third of the rows.
    length = RATE // 2
    time = torch.arange(length) / RATE
    decay = 6.9 / uniform(0.08, 0.5, rows, generator)
    tail = torch.randn(rows, length, generator=generator) * torch.exp(-decay * time)
    tail = tail / tail.norm(dim=1, keepdim=True)
    strength = 10 ** (uniform(-20, -1, rows, generator) / 20)
    strength = strength * (torch.rand(rows, 1, generator=generator) < 0.33)
    room = torch.fft.rfft(tail * strength, n=samples)
    spectrum = spectrum * (1 + room)

    # Microphones: a tilt and three broad hills or valleys, in decibels.
    gain = uniform(-3, 3, rows, generator) * (octaves - 4)
    for _ in range(3):
        centre, width = uniform(0, 7, rows, generator), uniform(0.3, 1.2, rows, generator)
        gain = gain + uniform(-9, 9, rows, generator) * torch.exp(-0.5 * ((octaves - centre) / width).square())
    gain = 10 ** (gain / 20)

    # Missing bands, up to two; a masked part of the spectrum (SpecAugment, Park et al. 2019, arXiv:1904.08779).
    for share in (0.4, 0.25):
        start = uniform(0, 6.6, rows, generator)
        width = uniform(0.05, 0.6, rows, generator) * (torch.rand(rows, 1, generator=generator) < share)
        missing = (octaves > start) & (octaves < start + width)
        gain = torch.where(missing, gain * 0.03, gain)

    # Narrow bands as in telephones, for half of the synthetic rows; the people were recorded with 8 kHz.
    low = uniform(0, 250, rows, generator) * (torch.rand(rows, 1, generator=generator) < 0.4)
    narrow = (torch.rand(rows, 1, generator=generator) < 0.5) | from_people[:, None]
    high = torch.where(narrow, uniform(3300, 4100, rows, generator), torch.tensor(1e9))
    edge = 60.0
    gain = gain * torch.sigmoid((hertz - low) / edge * 4 + 4 * (low == 0)) * torch.sigmoid((high - hertz) / edge)
    spectrum = spectrum * gain

    # Noise, white to brown: 5 to 45 dB below the row; one row in eight has none.
    colour = torch.exp2(-octaves * uniform(0, 1.0, rows, generator))
    noise = torch.view_as_complex(torch.randn(rows, count, 2, generator=generator)) * colour
    noise = noise * torch.where(narrow & (torch.rand(rows, 1, generator=generator) < 0.5), gain.clamp(max=1), 1.0)
    power = spectrum.abs().square().sum(1, keepdim=True)
    wanted = power * 10 ** (-uniform(5, 45, rows, generator) / 10)
    wanted = torch.where(power > 0, wanted, torch.tensor(float(samples)))
    scale = (wanted / noise.abs().square().sum(1, keepdim=True)).sqrt()
    scale = scale * (torch.rand(rows, 1, generator=generator) > 0.125)
    return torch.fft.irfft(spectrum + scale * noise, n=samples)


def row_samples(seconds):
    """A length near `seconds` whose transform is fast."""
    return 2000 * round(seconds * RATE / 2000)
