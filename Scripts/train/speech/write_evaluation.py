#!/usr/bin/env python3
"""Writes what the model card's figures are measured on, as sound files with transcripts for any program.

    python Scripts/train/speech/write_evaluation.py --data DIR --output build/speech-evaluation

left-out-speaker/      all 500 takes of the speaker that training never heard, in sequences of one to eight digits
held-out-takes/        takes 0 to 4 of the other speakers, which training never had; one speaker a sequence
synthetic/             300 sentences that training never had, said by voices that it had
synthetic-new-voices/  the same sentences, said by voices that it never had
training-texts.txt     what synthetic voices say in training, for a language model

Each folder has a transcripts.txt: a line for each file, its name, a tabulator and what is said. Digits are at 8 kHz as
recorded, at the level that they were recorded with; sentences at 22.05 kHz as espeak-ng speaks them.
"""

import argparse
from pathlib import Path
from random import Random

import fsdd
from audio import write_wav
from corpus import join_takes, test_texts, training_texts
from synthesis import random_voice, say
from vocabulary import DIGITS

LONGEST = 8  # digits of a sequence


def write_rows(folder, rows, rate):
    """Files 0000.wav, 0001.wav... of (samples, text) rows."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, (samples, text) in enumerate(rows):
        name = f"{number:04d}.wav"
        write_wav(folder / name, samples, rate)
        lines.append(f"{name}\t{text}\n")
    (folder / "transcripts.txt").write_text("".join(lines))


def sequences(data, speaker, takes, random):
    recordings = [
        (word, fsdd.recording(data, digit, speaker, take)) for digit, word in enumerate(DIGITS) for take in takes
    ]
    return join_takes(recordings, LONGEST, random, fsdd.SOURCE_RATE)


def write_evaluation(data, output):
    """Writes all of it; the same files on every run with the same version of espeak-ng."""
    random = Random(9_000)
    write_rows(output / "left-out-speaker", sequences(data, fsdd.LEFT_OUT, range(50), random), fsdd.SOURCE_RATE)
    others = [speaker for speaker in fsdd.SPEAKERS if speaker != fsdd.LEFT_OUT]
    rows = [row for speaker in others for row in sequences(data, speaker, fsdd.TEST_TAKES, random)]
    write_rows(output / "held-out-takes", rows, fsdd.SOURCE_RATE)
    texts, _ = test_texts()
    for name, new in (("synthetic", False), ("synthetic-new-voices", True)):
        spoken = [say(text, random_voice(random, new)) for text in texts]
        write_rows(output / name, [(samples, text) for (samples, _), text in zip(spoken, texts)], spoken[0][1])
    (output / "training-texts.txt").write_text("".join(f"{text}\n" for text in training_texts()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the recordings of the Free Spoken Digit Dataset")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    write_evaluation(arguments.data, arguments.output)
