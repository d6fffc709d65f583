#!/usr/bin/env python3
"""Writes which script every scalar belongs to, for `gliclass-convert --keep-scripts`.

    Scripts/script_tables.py            write Sources/TokenizerCompiler/Pruning/ScriptData.swift
    Scripts/script_tables.py --check    hold that file against the library

What a script is, is asked of the regular expressions of tokenizers 0.23.3 (Oniguruma, Unicode 16.0): the same library that
Scripts/unicode_tables.py asks for letters and numbers. Needs tokenizers 0.23.3.
"""

import argparse
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "Sources/TokenizerCompiler/Pruning/ScriptData.swift"
TOKENIZERS_VERSION = "0.23.3"
COUNT = 0x110000
SCALARS = [*range(0xD800), *range(0xE000, COUNT)]

# Code of ISO 15924 and name of every script of Unicode 16.0 but Common, Inherited and Unknown, which are the number 0.
SCRIPTS = """
Adlm=Adlam Aghb=Caucasian_Albanian Ahom=Ahom Arab=Arabic Armi=Imperial_Aramaic Armn=Armenian Avst=Avestan
Bali=Balinese Bamu=Bamum Bass=Bassa_Vah Batk=Batak Beng=Bengali Bhks=Bhaiksuki Bopo=Bopomofo Brah=Brahmi Brai=Braille
Bugi=Buginese Buhd=Buhid Cakm=Chakma Cans=Canadian_Aboriginal Cari=Carian Cham=Cham Cher=Cherokee Chrs=Chorasmian
Copt=Coptic Cpmn=Cypro_Minoan Cprt=Cypriot Cyrl=Cyrillic Deva=Devanagari Diak=Dives_Akuru Dogr=Dogra Dsrt=Deseret
Dupl=Duployan Egyp=Egyptian_Hieroglyphs Elba=Elbasan Elym=Elymaic Ethi=Ethiopic Gara=Garay Geor=Georgian
Glag=Glagolitic Gong=Gunjala_Gondi Gonm=Masaram_Gondi Goth=Gothic Gran=Grantha Grek=Greek Gujr=Gujarati
Gukh=Gurung_Khema Guru=Gurmukhi Hang=Hangul Hani=Han Hano=Hanunoo Hatr=Hatran Hebr=Hebrew Hira=Hiragana
Hluw=Anatolian_Hieroglyphs Hmng=Pahawh_Hmong Hmnp=Nyiakeng_Puachue_Hmong Hung=Old_Hungarian Ital=Old_Italic
Java=Javanese Kali=Kayah_Li Kana=Katakana Kawi=Kawi Khar=Kharoshthi Khmr=Khmer Khoj=Khojki Kits=Khitan_Small_Script
Knda=Kannada Krai=Kirat_Rai Kthi=Kaithi Lana=Tai_Tham Laoo=Lao Latn=Latin Lepc=Lepcha Limb=Limbu Lina=Linear_A
Linb=Linear_B Lisu=Lisu Lyci=Lycian Lydi=Lydian Mahj=Mahajani Maka=Makasar Mand=Mandaic Mani=Manichaean Marc=Marchen
Medf=Medefaidrin Mend=Mende_Kikakui Merc=Meroitic_Cursive Mero=Meroitic_Hieroglyphs Mlym=Malayalam Modi=Modi
Mong=Mongolian Mroo=Mro Mtei=Meetei_Mayek Mult=Multani Mymr=Myanmar Nagm=Nag_Mundari Nand=Nandinagari
Narb=Old_North_Arabian Nbat=Nabataean Newa=Newa Nkoo=Nko Nshu=Nushu Ogam=Ogham Olck=Ol_Chiki Onao=Ol_Onal
Orkh=Old_Turkic Orya=Oriya Osge=Osage Osma=Osmanya Ougr=Old_Uyghur Palm=Palmyrene Pauc=Pau_Cin_Hau Perm=Old_Permic
Phag=Phags_Pa Phli=Inscriptional_Pahlavi Phlp=Psalter_Pahlavi Phnx=Phoenician Plrd=Miao Prti=Inscriptional_Parthian
Rjng=Rejang Rohg=Hanifi_Rohingya Runr=Runic Samr=Samaritan Sarb=Old_South_Arabian Saur=Saurashtra Sgnw=SignWriting
Shaw=Shavian Shrd=Sharada Sidd=Siddham Sind=Khudawadi Sinh=Sinhala Sogd=Sogdian Sogo=Old_Sogdian Sora=Sora_Sompeng
Soyo=Soyombo Sund=Sundanese Sunu=Sunuwar Sylo=Syloti_Nagri Syrc=Syriac Tagb=Tagbanwa Takr=Takri Tale=Tai_Le
Talu=New_Tai_Lue Taml=Tamil Tang=Tangut Tavt=Tai_Viet Telu=Telugu Tfng=Tifinagh Tglg=Tagalog Thaa=Thaana Thai=Thai
Tibt=Tibetan Tirh=Tirhuta Tnsa=Tangsa Todr=Todhri Toto=Toto Tutg=Tulu_Tigalari Ugar=Ugaritic Vaii=Vai Vith=Vithkuqi
Wara=Warang_Citi Wcho=Wancho Xpeo=Old_Persian Xsux=Cuneiform Yezi=Yezidi Yiii=Yi Zanb=Zanabazar_Square
""".split()


def library():
    import tokenizers

    if tokenizers.__version__ != TOKENIZERS_VERSION:
        sys.exit(f"error: expected tokenizers {TOKENIZERS_VERSION}, found {tokenizers.__version__}")
    return tokenizers


def numbers() -> list[int]:
    """The number of every scalar's script."""
    tokenizers = library()
    found, text = [0] * COUNT, "".join(map(chr, SCALARS))
    for number, script in enumerate(SCRIPTS, 1):
        split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(rf"\p{{{script.split('=')[1]}}}"), "removed")
        kept = bytearray(COUNT)
        for _, (start, end) in split.pre_tokenize_str(text):
            for position in range(start, end):
                kept[SCALARS[position]] = 1
        for scalar in SCALARS:
            if not kept[scalar]:
                if found[scalar]:
                    sys.exit(f"error: U+{scalar:04X} is of {SCRIPTS[found[scalar] - 1]} and of {script}")
                found[scalar] = number
    return found


def text(found: list[int]) -> str:
    runs = [scalar << 8 | number for scalar, number in enumerate(found) if scalar == 0 or number != found[scalar - 1]]
    words = [f"0x{run:08X}," for run in runs]
    names = [f'"{script.lower().replace("=", " ")}",' for script in SCRIPTS]
    return f"""\
/// Which script every scalar belongs to, as data.
///
/// Written by `Scripts/script_tables.py` from what the regular expressions of `tokenizers` {TOKENIZERS_VERSION} say; its `--check` holds this file
/// against it.
enum ScriptData {{
  /// The Unicode version: major, minor, update.
  static let unicodeVersion: (UInt8, UInt8, UInt8) = (16, 0, 0)

  /// Of every script its code (ISO 15924) and its name. Its number is its place here, from 1; 0 is no script, or all of them.
  static let names: [String] = [
{filled(names)}
  ]

  /// First scalar × 256 + number of the script of every run of scalars with the same, ascending, from U+0000 on.
  static let runs: [UInt32] = [
{filled(words)}
  ]
}}
"""


def filled(items: list[str]) -> str:
    lines = ["   "]
    for item in items:
        if len(lines[-1]) + 1 + len(item) > 117:
            lines.append("   ")
        lines[-1] += f" {item}"
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    content = text(numbers())
    if not check:
        FILE.write_text(content)
    elif not FILE.is_file() or FILE.read_text() != content:
        sys.exit(f"error: {FILE}: differs from what tokenizers {TOKENIZERS_VERSION} says")


if __name__ == "__main__":
    main()
