#!/usr/bin/env python3
"""Has espeak-ng speak the sound files in samples/. Needs the Python package soundfile.

    python Scripts/train/speech/speak_samples.py --output samples
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile

from synthesis import Voice, say

# What is said, sentence by sentence, and by whom.
SAMPLES = {
    "speech-lamp.flac": (["please turn off the lamp in the kitchen"], Voice("en-us+m1", 160, 45, 0)),
    "speech-number.wav": (["my number is four seven two nine zero five"], Voice("en+f2", 150, 55, 3)),
    "speech-train.flac": (["the train to the city leaves at half past eight"], Voice("en-gb-scotland+m7", 155, 40, 0)),
    "speech-day.ogg": (
        [
            "on monday morning my sister walked to the market",
            "she bought six apples some bread and a yellow umbrella",
            "the old man beside the bridge sold flowers for twelve dollars",
            "thank you for the beautiful story",
        ],
        Voice("en-us+f5", 150, 50, 0),
    ),
}
PAUSE = 0.5  # seconds between sentences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    for name, (sentences, voice) in SAMPLES.items():
        parts = []
        for sentence in sentences:
            samples, rate = say(sentence, voice)
            parts += [samples, np.zeros(round(PAUSE * rate), np.int16)]
        subtype = "VORBIS" if name.endswith(".ogg") else "PCM_16"
        soundfile.write(output / name, np.concatenate(parts[:-1]), rate, subtype=subtype)


if __name__ == "__main__":
    main()
