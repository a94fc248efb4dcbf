"""Speech from espeak-ng: voices, and sentences said by random ones."""

import ctypes
from dataclasses import dataclass
from functools import cache

import numpy as np

ACCENTS = ["en", "en-us", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-029", "en-us-nyc"]
VARIANTS = """m1 m2 m4 m5 m6 m7 m8 f1 f2 f3 f5 klatt klatt2 klatt4 klatt5 klatt6 Alex Alicia Andrea Andy Annie Denis
    Diogo Gene Henrique Hugo Jacky Lee Marco Mario Mike RicishayMax Storm adam anika antonio aunty belinda benjamin
    boris caleb david ed edward grandma grandpa gustave iven john kaukovalta marcelo max michel miguel norbert pablo
    paul pedro quincy rob robert sandro shelby travis victor zac""".split()

# Voices that training never has: an accent with any variant, and variants with any accent.
NEW_ACCENT = "en-gb-x-gbcwmd"
NEW_VARIANTS = "m3 f4 klatt3 Michael linda steph".split()


@dataclass
class Voice:
    """What espeak-ng is told: words a minute, pitch 0...99, pauses between words in tens of milliseconds."""

    name: str
    rate: int
    pitch: int
    gap: int


def random_voice(random, new=False):
    """A voice of the training, or one that it never has."""
    accent, variant = random.choice(ACCENTS), random.choice(VARIANTS)
    if new and random.random() < 0.4:
        accent = NEW_ACCENT
    elif new:
        variant = random.choice(NEW_VARIANTS)
    gap = random.randint(1, 12) if random.random() < 0.3 else 0
    return Voice(f"{accent}+{variant}", random.randint(120, 220), random.randint(20, 80), gap)


class Engine:
    """The library of espeak-ng: to start its command anew for each sentence takes longer than to speak."""

    SYNCHRONOUS, UTF8, END_PAUSE = 2, 1, 0x1000
    RATE, PITCH, WORD_GAP = 1, 3, 7

    def __init__(self):
        self.library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.library.espeak_Initialize(self.SYNCHRONOUS, 0, None, 0)
        if self.rate <= 0:
            raise OSError("espeak-ng finds no data")
        receive = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self.parts = []
        self.callback = receive(self.keep)  # must live as long as the library may call it
        self.library.espeak_SetSynthCallback(self.callback)

    def keep(self, samples, count, _):
        if samples and count > 0:
            self.parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def say(self, text, voice):
        if self.library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice.name}")
        for parameter, value in ((self.RATE, voice.rate), (self.PITCH, voice.pitch), (self.WORD_GAP, voice.gap)):
            self.library.espeak_SetParameter(parameter, value, 0)
        self.parts.clear()
        said = text.encode()
        flags = self.UTF8 | self.END_PAUSE  # without a pause the last sounds may be lost
        self.library.espeak_Synth(said, ctypes.c_size_t(len(said) + 1), 0, 1, 0, flags, None, None)
        return np.concatenate(self.parts)


@cache
def engine():
    return Engine()


def say(text, voice):
    """What espeak-ng says, as int16, and its sampling rate."""
    samples = engine().say(text, voice)
    if not samples.any():
        raise ValueError(f"espeak-ng says nothing as {voice.name}: {text}")
    return samples, engine().rate
