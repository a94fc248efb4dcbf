"""The Free Spoken Digit Dataset (Jakobovski et al., CC BY-SA 4.0): who is for training and who is not."""

from collections import defaultdict

from audio import RATE, read_wav, resample
from vocabulary import DIGITS

SPEAKERS = ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
# Settled before anything was trained. No recording of his is in training or validation.
LEFT_OUT = "jackson"
# Of each speaker and digit: takes 0...4 are for the published figures (the data set's own test split), 5 and 6 for
# validation, the others for training.
TEST_TAKES = range(0, 5)
VALIDATION_TAKES = range(5, 7)
TRAINING_TAKES = range(7, 50)
SOURCE_RATE = 8_000


def recording(folder, digit, speaker, take):
    """The samples as recorded, int16 at 8 kHz."""
    samples, rate = read_wav(folder / f"{digit}_{speaker}_{take}.wav")
    assert rate == SOURCE_RATE
    return samples


def takes(folder, which):
    """{(speaker, word): [samples at 16 kHz]} of all speakers but the one left out."""
    found = defaultdict(list)
    for speaker in SPEAKERS:
        if speaker != LEFT_OUT:
            for digit, word in enumerate(DIGITS):
                for take in which:
                    found[speaker, word].append(resample(recording(folder, digit, speaker, take), SOURCE_RATE, RATE))
    return found
