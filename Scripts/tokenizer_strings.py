"""The texts of Scripts/tokenizer_families.py: what its tokenizers are trained on, and the strings they are asked for."""

import json
import random
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COUNT = 20480

SENTENCES = {
    "english": [
        "The quick brown fox jumps over the lazy dog, and the dog doesn't mind.",
        "It's 9 o'clock; we've 1,234 letters to write!",
        "She'll say they're late, I'd say we aren't: don't ask who's right.",
        "A library for reading files in 12 formats (C++, Python)."],
    "latin": [
        "Où est passé l'élève? Ça dépend de la façade du café, à côté.",
        "Größe und Straße: die Äpfel fallen schön über Öfen.",
        "El niño comió piñas en el jardín; ¿cuándo volverá mañana?", "Příliš žluťoučký kůň úpěl ďábelské ódy.",
        "Zażółć gęślą jaźń, łódź płynie.",
        "Smørrebrød på en ø, og blåbær i skålen.", "İstanbul'da ışık çok güzel, ığdır ve İzmir.",
        "Tiếng Việt có nhiều dấu: được, những, người, ở đâu."],
    "cyrillic": ["Съешь ещё этих мягких французских булок, да выпей чаю.", "Їжак біжить через ліс, щоб знайти яблуко.",
                 "Љубав и њива, ђак и џеп."],
    "greek": ["Ο Όμηρος έγραψε την Οδύσσεια, ένας μεγάλος ποιητής.", "ΟΔΥΣΣΕΥΣ ΚΑΙ ΣΙΣΥΦΟΣ, ᾳδου ῥῆμα ἀρχῇ."],
    "arabic": ["مرحبا بالعالم، كيف حالك اليوم؟", "اَلْكِتَابُ مُفِيدٌ، ١٢٣ صفحة.", "این کتاب را می‌خوانم، ۴۵۶ صفحه."],
    "hebrew": ["שלום עולם, מה שלומך היום?", "בְּרֵאשִׁית בָּרָא אֱלֹהִים"],
    "indic": ["नमस्ते दुनिया, आज मौसम कैसा है? १२३", "हिन्दी में क्षत्रिय और ज्ञान।", "বাংলা ভাষা খুব সুন্দর।",
              "தமிழ் மொழி மிகவும் பழமையானது."],
    "thai": ["สวัสดีชาวโลก วันนี้อากาศดีมาก น้ำ", "ภาษาไทยไม่มีช่องว่าง ๑๒๓"],
    "korean": ["안녕하세요 세계, 오늘 날씨가 좋습니다.", "도서관에서 책을 읽는 것을 좋아합니다."],
    "japanese": ["こんにちは世界、今日はいい天気ですね。", "カタカナとひらがなを書くプログラム。", "ﾊﾝｶｸ ｶﾞｷﾞｸﾞ ﾊﾟ"],
    "chinese": ["你好世界，今天天气很好。", "圖書館裡有很多書，請安靜。", "数据库管理系统与网络协议"],
    "emoji": ["👩‍👩‍👧 👍🏽 🇩🇪🇫🇷 ❤️ ☎ #️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "Great 😀😃 job 🎉!!! ©️®️ 👨‍💻 ships 🚀"],
    "code": [
        "for (int i = 0; i < n; ++i) { sum += a[i]; }", "def f(x):\n    return x**2  # square\n\n\tpass",
        "let y = \"a\\n\\tb\"; // done => ok",
        "SELECT * FROM t WHERE id=42 AND name<>'x';", "<a href=\"https://example.org/?q=1&amp;r=2#top\">link</a>",
        "x_1 = {'k': [1, 2.5e-3], \"z\": null}"],
    "urls": ["https://www.example.com/a/b-c_d.html?x=1&y=%20z#frag", "user.name+tag@mail.example.org",
             "ftp://192.168.0.1:8080/~user/file.tar.gz", "C:\\Windows\\System32"],
}

# Every added token of every family, and nearly such ones.
MARKERS = [
    "<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>", "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]", "<pad>", "</s>", "<unk>", "<s>",
    "<mask>",
    "<|endoftext|>", "|||IP_ADDRESS|||", "|||EMAIL|||", "<extra_id_0>", "<extra_id_4>", "<extra_id_99>", "<ctl>",
    "foo bar", "word", "Word",
    "caf\u00e9", "cafe\u0301", "a\u030a", "\u00e5", "\u212b", "M\u00e5l", "Ma\u030al", "\ufb01x", "fix", "\u00bd", "(R)", "<0x41>", "<0x0A>",
    "\u2581the", "\u2581", "NEW TOKEN", "\t\t", "  ",
    "［ＣＬＳ］", "＜＜ＬＡＢＥＬ＞＞", "[mask]", "<<label>>", "e\u0301", "\u0301", "--", "naïve", "NAÏVE", "nai\u0308ve", "left",
    "right", "\u1e9b\u0323",
]

WHITE_SPACE = [9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
NEARLY_SPACE = [0, 8, 0x1C, 0x1D, 0x1E, 0x1F, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x2800, 0x3164, 0xAD]
MARKS = [0x300, 0x301, 0x308, 0x327, 0x323, 0x31B, 0x345, 0x334, 0x338, 0x35C, 0x5B0, 0x5BC, 0x5C1, 0x64B, 0x651, 0x670,
         0x93C, 0x94D, 0xE38, 0xE48,
         0x1DC4, 0x302A, 0x3099, 0x309A, 0x20D0, 0x1D165, 0x10A0F, 0xF71, 0xF72, 0x0F74]
DIGITS = [0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10, 0x1D7CE, 0x104A0, 0x1FBF0]
OTHER_NUMBERS = "²³¹½¼Ⅷⅻ①⑳㊿〇㉈௧௰፩𐄇🄁༪৴"
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡¿«»§¶·‐–—‘’“”„…‰‹›‽⁂、。「」『』〜・！？，．；：（）［］｛｝؟،؛۔।॥՞։׀׃༄။၊·;᚛᠀⸺﹏＿$€£¥₿+<=>^|~×÷¬±∑∞"
APOSTROPHES = "'’ʼ＇‛`´"
CONTRACTIONS = ["s", "t", "re", "ve", "m", "ll", "d", "S", "T", "RE", "Ve", "M", "LL", "D", "ſ", "x", "é", "1", ""]
CASES = ["İ", "ı", "I", "ẞ", "ß", "Σ", "ΑΣ", "ΑΣ Β", "ς", "ǅ", "ŉ", "ﬁ", "ﬃ", "ﬓ", "ſ", "K", "Å", "Ω", "µ", "ΐ", "ᾼ", "Ⅳ",
         "Ⓐ", "ᏸ", "Ꭰ", "Ⴀ", "Ა", "𐐀", "ﬆ", "ͅ", "ǰ", "ẖ"]
PIECES = ["library", " the", " package", " e-mail", "development ", "naïve", "e\u0301", "serialization", " and", "s",
          "ing", "▁", "▁the", "of", " C++", " x86_64", "v2.0.1"]
PRECOMPOSED = ["Å", "ệ", "ṩ", "ǖ", "각", "한", "を゙", "が", "パ", "क़", "ড়", "שּׁ", "𝅗𝅥", "Ω", "豈", "ཱི", "ề", "ȫ", "ჰ"]


def one_of(*ranges):
    return lambda r: chr(r.randrange(*r.choice(ranges)))


POOLS = {
    "ascii": one_of((0x20, 0x7F)),
    "letters": lambda r: r.choice("etaoinshrdlu  ETAOIN"),
    "controls": one_of((0, 32), (127, 0xA0)),
    "latin": one_of((0xA0, 0x250), (0x1E00, 0x1F00), (0x2C60, 0x2C80), (0xA720, 0xA7C0)),
    "greek": one_of((0x370, 0x400), (0x1F00, 0x2000)),
    "cyrillic": one_of((0x400, 0x530), (0x410, 0x450)),
    "caucasian": one_of((0x531, 0x58B), (0x10A0, 0x1100), (0x1C90, 0x1CC0), (0x13A0, 0x1400)),
    "marks": lambda r: r.choice("aeiouAnक①가") + "".join(chr(r.choice(MARKS)) for _ in range(r.randrange(5))),
    "deep": lambda r: r.choice("eoaZ\u0f40") + "".join(chr(r.choice(MARKS + [*range(0x300,
            0x370)])) for _ in range(r.randrange(6, 14))),
    "precomposed": lambda r: unicodedata.normalize(r.choice(["NFC", "NFD"]),
                                                   r.choice(PRECOMPOSED)) + r.choice(["", "", "\u0301", "\u0323",
                                                           "\u05b4"]),
    "wide": one_of((0xFF00, 0xFFF0)),
    "emoji": lambda r: r.choice(["👩‍👩‍👧", "👍🏽", "🇩", "🇪", "❤️", "☎", "©\u200d®", "#️⃣", "\u200d", "\ufe0f", "🏴󠁧󠁢", "👨🏿‍🚀",
                                 "😀", "☕︎"]),
    "hangul": one_of((0xAC00, 0xD7A4), (0x1100, 0x1200), (0x1100, 0x1113), (0x1161, 0x1176), (0x11A7, 0x11C3),
                     (0xA960, 0xA97D), (0xD7B0, 0xD7FC), (0x3131, 0x318F)),
    "thai": one_of((0xE01, 0xE3B), (0xE3F, 0xE5C), (0xE81, 0xEE0)),
    "arabic": one_of((0x600, 0x700), (0x620, 0x655), (0xFB50, 0xFDFF), (0xFE70, 0xFF00)),
    "hebrew": one_of((0x591, 0x5F5), (0xFB1D, 0xFB50)),
    "indic": lambda r: chr(r.choice([r.randrange(0x900, 0xD80), r.randrange(0x900, 0x980), 0x94D, 0x915, 0x200D,
                                     0x200C])),
    "tibetan": one_of((0xF00, 0x10A0), (0x1780, 0x17FA), (0x1900, 0x1AFF)),
    "cjk": one_of((0x4E00, 0x9FFF), (0x3040, 0x3100), (0xF900, 0xFA60), (0x3000, 0x3040), (0x2F00, 0x2FE0),
                  (0x2F800, 0x2FA20)),
    "space": lambda r: chr(r.choice(WHITE_SPACE + NEARLY_SPACE)),
    "blanks": lambda r: r.choice([" ", "  ", "   ", "\t", "\n", " " * r.randrange(1, 27)]),
    "newlines": lambda r: r.choice(["\r\n", "\n", "\r", "\n\r", "\r\n\u0301", "\n\n", " \n", "\n ", "\u2028", "\x85"]),
    "compatibility": one_of((0x2070, 0x2190), (0x2460, 0x2500), (0x3200, 0x3400), (0x1D400, 0x1D800), (0xFB00, 0xFB18),
                            (0x1F100, 0x1F200)),
    "symbols": one_of((0x2190, 0x2400), (0x2500, 0x27C0), (0x2A00, 0x2B00), (0x1F300, 0x1F650)),
    "digits": lambda r: r.choice([chr(r.choice(DIGITS) + r.randrange(10)), r.choice(OTHER_NUMBERS),
                                  str(r.randrange(1000))]),
    "punctuation": lambda r: r.choice(PUNCTUATION),
    "contractions": lambda r: r.choice(["it", "I", "we", "é", "1", "",
                                        "中"]) + r.choice(APOSTROPHES) + r.choice(CONTRACTIONS),
    "cases": lambda r: r.choice(CASES),
    "markers": lambda r: r.choice(MARKERS + ["<<", ">>", "[", "]", "|||"]),
    "any": one_of((1, 0xD800), (0xE000, 0x10000), (0x10000, 0x20000), (0xE000, 0x110000)),
    "astral": one_of((0x10000, 0x11FFF), (0x16800, 0x17000), (0x1B000, 0x1B300), (0x1D100, 0x1D250), (0x1E000, 0x1F000),
                     (0xE0000, 0xE01F0)),
    "words": lambda r: r.choice(PIECES),
}


def descriptions():
    rows = (ROOT / "Tests/Fixtures/debian-tags-f16/eval.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["text"] for row in rows]


def sentences():
    return [sentence for group in SENTENCES.values() for sentence in group]


def around_markers(r):
    """Markers with neighbours that single_word, lstrip, rstrip and normalization look at."""
    marker = r.choice(MARKERS)
    marker = r.choice([marker] * 6 + [marker.lower(), marker.upper(), marker.swapcase(), marker[:-1], marker[1:],
                                      marker * 2, marker + " " + marker,
                                      unicodedata.normalize("NFD", marker), unicodedata.normalize("NFC", marker),
                                      "".join(f"{c} " for c in marker)])
    sides = ["", "", "", " ", "  ", "a", "Z", "é", "\u0301", "_", "1", "²", ".", "\n", "\t", "\u00a0", "\u3000", "中", "▁",
             " a", "a ", "-", "'", "\u200b", "٣", "\r\n "]
    return r.choice(["", "", "x", "The", " "]) + r.choice(sides) + marker + r.choice(sides) + r.choice(["", "", "y",
            "end.", " ", r.choice(MARKERS)])


def from_sentences(r, texts):
    parts = []
    for _ in range(r.randrange(1, 4)):
        text = r.choice(texts)
        start = r.randrange(max(1, len(text) - 5))
        parts.append(text[start: start + r.choice([3, 8, 20, 40])])
    text = r.choice([" ", "", "  ", "\n", ", "]).join(parts)
    return r.choice([str, str, str, str.upper, str.lower, str.title, str.swapcase,
                     lambda t: unicodedata.normalize("NFD", t),
                     lambda t: unicodedata.normalize("NFKC", t), lambda t: t[::-1]])(text)


def from_pools(r, names):
    pools = [POOLS[r.choice(names)] for _ in range(r.randrange(1, 5))]
    return "".join(r.choice(pools)(r) for _ in range(r.choice([1, 2, 3, 5, 9, 16])))


def damaged(r, texts):
    text = list(from_sentences(r, texts)[:40])
    for _ in range(r.randrange(1, 4)):
        text.insert(r.randrange(len(text) + 1), POOLS[r.choice(list(POOLS))](r))
    return "".join(text)


def runs():
    """Every scalar of the planes 0 and 1 that is assigned or near one, in order; few of the big uniform blocks."""
    uniform = [(0x3400, 0x4DC0), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0xE000, 0xF900), (0x17000, 0x18D00),
               (0x12000, 0x14700), (0x1B170, 0x1B300)]
    scalars = [s for s in (*range(0xD800), *range(0xE000, 0x20000))
               if unicodedata.category(chr(s)) != "Cn" and (s % 32 == 7 or not any(a <= s < b for a, b in uniform))]
    for start in range(0, len(scalars), 24):
        yield "".join(chr(s) + ("", "", " ", "a", "")[s % 5] for s in scalars[start: start + 24])


def strings():
    """The strings, always the same ones (with the same version of Unicode in unicodedata: see the reference)."""
    r = random.Random(20251)
    texts = sentences() * 6 + descriptions()
    result = dict.fromkeys(["", " ", "  ", "\0", "a", "a b", "  a  b   c ", *sentences(), *MARKERS, *CASES])
    for c in WHITE_SPACE + NEARLY_SPACE:
        for pattern in ("{0}", "{0}{0}", "a{0}b{0}", "{0}a{0}", "a{0}{0} b", "a {0}b", "<<SEP>>{0}a{0}<<SEP>>",
                        "{0}[MASK]{0}", "1{0}2,{0}", "\n{0}", "{0}\u0301"):
            result[pattern.format(chr(c))] = None
    for word in (*APOSTROPHES, *PUNCTUATION, *OTHER_NUMBERS):
        result["a" + word + "s b " + word + word + "1" + word] = None
    for length in range(1, 30):
        for blank in (" ", "\n", "\t", "▁"):
            result["a" + blank * length + "b"] = result[blank * length] = result[blank * length + "c" + blank * 2] = None
    for length, word in ((3000, "a"), (2999, "etaoin"), (1500, "é"), (1000, "中"), (700, "👍"), (513, "e\u0301\u0323"),
                         (300, " "), (256, "a\u0300"), (200, "\u0301"), (1200, "xq"),
                         (400, "0"), (700, "ab "), (130, "\u1100\u1161")):
        result[(word * length)[:length]] = result["x " + (word * length)[:length] + " y"] = None
    for scalars in runs():
        result[scalars] = None
    names = list(POOLS)
    makers = [lambda: from_sentences(r, texts), lambda: from_pools(r, names), lambda: around_markers(r),
              lambda: damaged(r, texts),
              lambda: from_pools(r, ["marks", "deep", "precomposed", "hangul", "space", "indic", "thai", "letters"]),
              lambda: from_pools(r, ["digits", "punctuation", "contractions", "words", "blanks", "newlines", "cases"])]
    while len(result) < COUNT:
        result[r.choice(makers)()] = None
    return list(result)
