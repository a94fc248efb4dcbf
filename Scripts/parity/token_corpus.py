"""A seeded corpus of lines for comparing tokenizers: many scripts, emoji, odd white space, broken text.

Every character is assigned in the Unicode version of the Python that runs this, so that the references, whose tables
are of several versions, agree on it.
"""

import random
import unicodedata

# Blocks by their first and last code points.
SCRIPTS = {
    "latin": (0x0041, 0x024F), "ipa": (0x0250, 0x02FF), "greek": (0x0370, 0x03FF), "cyrillic": (0x0400, 0x052F),
    "armenian": (0x0530, 0x058F), "hebrew": (0x0590, 0x05FF), "arabic": (0x0600, 0x06FF), "syriac": (0x0700, 0x074F),
    "devanagari": (0x0900, 0x097F), "bengali": (0x0980, 0x09FF), "tamil": (0x0B80, 0x0BFF), "telugu": (0x0C00, 0x0C7F),
    "malayalam": (0x0D00, 0x0D7F), "sinhala": (0x0D80, 0x0DFF), "thai": (0x0E00, 0x0E7F), "lao": (0x0E80, 0x0EFF),
    "tibetan": (0x0F00, 0x0FFF), "myanmar": (0x1000, 0x109F), "georgian": (0x10A0, 0x10FF), "jamo": (0x1100, 0x11FF),
    "ethiopic": (0x1200, 0x137F), "cherokee": (0x13A0, 0x13FF), "khmer": (0x1780, 0x17FF),
    "mongolian": (0x1800, 0x18AF), "vietnamese": (0x1E00, 0x1EFF), "greek extended": (0x1F00, 0x1FFF),
    "punctuation": (0x2000, 0x206F), "superscripts": (0x2070, 0x209F), "currency": (0x20A0, 0x20CF),
    "letterlike": (0x2100, 0x214F), "numbers": (0x2150, 0x218F), "arrows": (0x2190, 0x21FF), "math": (0x2200, 0x22FF),
    "boxes": (0x2500, 0x259F), "symbols": (0x2600, 0x27BF), "kana": (0x3040, 0x30FF), "cjk symbols": (0x3000, 0x303F),
    "han": (0x4E00, 0x9FFF), "hangul": (0xAC00, 0xD7A3), "compatibility": (0xF900, 0xFAFF),
    "ligatures": (0xFB00, 0xFB4F), "fullwidth": (0xFF01, 0xFFEF), "gothic": (0x10330, 0x1034F),
    "math letters": (0x1D400, 0x1D7FF), "emoji": (0x1F300, 0x1F6FF), "emoji 2": (0x1F900, 0x1F9FF),
    "han b": (0x20000, 0x2A6DF),
}  # fmt: skip

SPACES = " \t\n\r\v\f\u00a0\u0085\u1680\u2002\u2003\u2009\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\u200d\u2060"
MARKS = "\u0300\u0301\u0302\u0303\u0304\u0308\u030a\u0323\u0327\u0328\u0331\u0345\u0483\u05b4\u064b\u093c\u3099\u309a"


def _words(text: str) -> list[str]:
    """The words of a text, which is easier to read than a list of them."""
    return text.split()


WORDS = _words(
    """the a an of to in photo picture dog cat red blue two three isn't we'll they've I'm you're he'd it's Don'T
running jumped beautifully transformers unbelievable antidisestablishmentarianism snake_case foo-bar C++ U.S.A. e.g.
3.14 1,000 2024-05-17 10:30pm #hashtag @user https://example.org/a?b=c&d=e x=y*z/2 (yes) [no] {maybe} <b>bold</b>
café naïve façade Zürich Ångström İstanbul ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ straße ſharp ﬁne ﬂow ½ ² Ⅷ ①"""
)
EMOJI = ["🙂", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "❤️", "☕️", "🧑🏿‍🚀", "🏴\U000e0067\U000e0062\U000e007f", "🤷‍♀️", "0️⃣"]
SPECIALS = _words(
    """<|startoftext|> <|endoftext|> <|STARTOFTEXT|> [CLS] [SEP] [MASK] [UNK] [PAD] [cls] <s> </s> <mask> <pad>
<start_of_text> <end_of_text> ##ing ##s Ġword </w> <unk>"""
)
MARKUP = _words(
    """&amp; &lt; &gt; &quot; &#39; &#x27; &nbsp; &eacute; &EACUTE; &amp;amp; &amp;lt; &copy &notit; &#0; &#128;
&#x110000; &#xD800; &hellip; &NotEqualTilde; &ampersand &;  & &# &#x; &#65 &#x41g"""
)
CODECS = ["latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "iso-8859-2", "mac-roman", "cp437"]
MOJIBAKE = ["“quotes”", "it’s", "naïve café", "über", "déjà vu", "señor", "日本語", "привет", "–", "…", "€5", "é",
            "à la", "Ω≈ç", "👍", "zażółć", "ἀρχή", "šest", "çok güzel", "®", "½", "São Tomé"]  # fmt: skip


def pools() -> dict[str, list[str]]:
    """The assigned characters of each block."""
    return {
        name: [
            chr(code) for code in range(first, last + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")
        ]
        for name, (first, last) in SCRIPTS.items()
    }


def mojibake(rng: random.Random) -> str:
    """Text in UTF-8 that was read in another encoding, once or twice."""
    text = rng.choice(MOJIBAKE)
    for _ in range(rng.choice([1, 1, 1, 2])):
        codec = rng.choice(CODECS[:2] * 4 + CODECS)
        text = text.encode().decode(codec, "replace" if rng.random() < 0.2 else "ignore")
    return text


def line(rng: random.Random, pool: dict[str, list[str]]) -> str:
    """One line."""
    parts = []
    scripts = rng.sample(sorted(pool), rng.randint(1, 3))
    for _ in range(rng.randint(1, 12)):
        kind = rng.random()
        if kind < 0.35:
            word = rng.choice(WORDS)
            parts.append(rng.choice([word, word, word.upper(), word.capitalize()]))
        elif kind < 0.62:
            parts.append("".join(rng.choices(pool[rng.choice(scripts)], k=rng.randint(1, 9))))
        elif kind < 0.68:
            parts.append(rng.choice(EMOJI) * rng.randint(1, 3))
        elif kind < 0.73:
            parts.append(rng.choice("aeounyAEO") + "".join(rng.choices(MARKS, k=rng.randint(1, 3))))
        elif kind < 0.78:
            parts.append(str(rng.randint(0, 10 ** rng.randint(1, 9))))
        elif kind < 0.83:
            parts.append("".join(rng.choices("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", k=rng.randint(1, 6))))
        elif kind < 0.87:
            parts.append(rng.choice(SPECIALS))
        elif kind < 0.91:
            parts.append(rng.choice(MARKUP))
        elif kind < 0.95:
            parts.append(mojibake(rng))
        elif kind < 0.97:
            parts.append(unicodedata.normalize(rng.choice(["NFD", "NFC", "NFKD"]), rng.choice(WORDS)))
        else:
            parts.append(
                "".join(rng.choices("ab\x00\x01\x08\x1b[0m\x1c\x1f\x7f\x80\x85\x9fÿ\ufffd\ufffc\U0010ffff", k=4))
            )
    separators = [" "] * 12 + ["", "  "] + [rng.choice(SPACES) * rng.randint(1, 3)]
    return "".join(part + rng.choice(separators) for part in parts)


def lines(count: int, seed: int = 2026) -> list[str]:
    """The corpus."""
    rng = random.Random(seed)
    pool = pools()
    fixed = ["", " ", "\n", "\t \u3000", "a", "'", "'s", "a" * 300, "ab" * 120, "_" * 200, "日" * 150, "\u0301",
             "é" * 130, "x" * 99, "x" * 100, "x" * 101, "Σ", "ΑΣ ΑΣΑ Σ. ΑΣ'", "🙂" * 40]  # fmt: skip
    return fixed + [line(rng, pool) for _ in range(count - len(fixed))]
