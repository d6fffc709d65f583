"""The tokenizers of Scripts/tokenizer_families.py, all trained on the texts of Scripts/tokenizer_strings.py."""

import base64
import io
import os
import tempfile
import unicodedata

from tokenizer_strings import descriptions, sentences

DEMO = "Tests/Fixtures/debian-tags-f16"
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
MARKERS = ["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

# Rules (text, replacement) of a small charsmap: several scalars, clusters, deletions, line ends, prefixes of each other,
# more than 5 bytes.
RULES = [("\ufb01", "fi"), ("\ufb00", "ff"), ("½", "1/2"), ("①", "1"), ("A\u030a", "\u00c5"), ("\u212b", "\u00c5"),
         ("e\u0301", "\u00e9"), ("\u00e9", "e"), ("o\u0308", "oe"), ("\r\n", " "), ("\n", " "), ("\t", " "),
         ("\u00a0", " "), ("\u3000", "  "), ("\u200b", ""), ("\u00ad", ""), ("\u0301", ""), ("か\u3099", "が"),
         ("\uff76\uff9e", "ガ"), ("\uff76", "カ"), ("\u1112\u1161\u11ab", "한"), ("\u1112\u1161", "하"), ("İ", "i"),
         ("Ａ", "A"), ("Ｂ", "b"), ("［", "["), ("］", "]"), ("ＣＬＳ", "CLS"), ("Ｃ", "C"), ("Ｌ", "L"), ("Ｓ", "S"), ("🇩🇪", "DE"),
         ("👍🏽", "👍"), ("℃", "°C"), ("…", "..."), ("\u1e9b\u0323", "\u1e69"), ("क\u093c", "क"), ("ำ", "\u0e4d\u0e32"),
         ("▁", "_"), ("\ufdfd", "بسم الله الرحمن الرحيم"), ("x\u030c", "X"), ("x\u030c\u030c", "Y"), ("’", "'"),
         ("x", "x\u0323")]


# --- Training -------------------------------------------------------------------------------------------------------


def corpus():
    texts = sentences() * 3 + descriptions()[:120]
    lines = [line for text in texts for line in text.split("\n") if line]
    return lines + [unicodedata.normalize("NFD", text) for text in sentences()]


def unigram(size, rules=None, texts=None, **options):
    """A SentencePiece model, as the message of its file."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    pieces = dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]",
                  unk_piece="[UNK]")
    options = dict(pieces, **options)
    with tempfile.TemporaryDirectory() as folder:
        if rules:
            path = os.path.join(folder, "rules.tsv")
            with open(path, "w", encoding="utf-8") as file:
                for key, value in rules:
                    file.write(" ".join(f"{ord(c):X}" for c in key) + "\t" + " ".join(f"{ord(c):X}" for c in value) + "\n")
            options["normalization_rule_tsv"] = path
        target = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(texts or corpus()), model_writer=target,
                                                 model_type="unigram", vocab_size=size, num_threads=1, minloglevel=2,
                                                 hard_vocab_limit=False, **options)
    message = sentencepiece_model_pb2.ModelProto.FromString(target.getvalue())
    message.trainer_spec.ClearField("input")
    message.trainer_spec.ClearField("model_prefix")
    message.normalizer_spec.ClearField("normalization_rule_tsv")
    return message


def byte_level_bpe(size, alphabet, texts=None):
    """Vocabulary and merges of a byte-level BPE."""
    import json

    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet else [])
    tokenizer.train_from_iterator(texts or corpus(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


# --- Parts of tokenizer.json ----------------------------------------------------------------------------------------


def added(id, content, **flags):
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **flags}
    return {"id": id, "content": content, **flags}


def plain(id, content, **flags):
    return added(id, content, **{"special": False, "normalized": True, **flags})


def bert_added(count):
    """The special tokens and markers behind `count` pieces."""
    texts = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", *MARKERS]
    return [added(count + n, text, lstrip=text == "[MASK]") for n, text in enumerate(texts)]


def flags_of(token):
    return {key: value for key, value in token.items() if key != "id"}


def decoder_of(tokens):
    """The tokens as tokenizer_config.json has them."""
    return {str(token["id"]): flags_of(token) for token in tokens}


def sequence(kind, *steps):
    return {"type": "Sequence", kind: list(steps)}


def normalizers(*steps):
    return sequence("normalizers", *steps)


def pretokenizers(*steps):
    return sequence("pretokenizers", *steps)


def template(before, after):
    """The post-processor [before] text [after]; each a pair of text and id."""
    tokens = {text: {"id": text, "ids": [id], "tokens": [text]} for text, id in (*before, *after)}
    single = [{"SpecialToken": {"id": text, "type_id": 0}} for text, _ in before]
    single += [{"Sequence": {"id": "A", "type_id": 0}}] + [{"SpecialToken": {"id": text, "type_id": 0}} for text,
                                                           _ in after]
    pair = [*single, {"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens}


def tokenizer_json(model, added_tokens, normalizer, pre_tokenizer, post_processor):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens, "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer, "post_processor": post_processor, "decoder": None, "model": model}


def unigram_model(message, **options):
    pieces = [[piece.piece, piece.score] for piece in message.pieces]
    return {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": False, **options}


def bpe_model(vocab, merges, **options):
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocab,
            "merges": merges, **options}


def metaspace(scheme="always", split=True):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}


def split(pattern, behavior, invert=False, regex=False):
    return {"type": "Split", "pattern": {"Regex" if regex else "String": pattern}, "behavior": behavior, "invert": invert}


def replace(pattern, content, regex=True):
    return {"type": "Replace", "pattern": {"Regex" if regex else "String": pattern}, "content": content}


def strip(left, right):
    return {"type": "Strip", "strip_left": left, "strip_right": right}


def precompiled(message):
    return {"type": "Precompiled",
            "precompiled_charsmap": base64.b64encode(message.normalizer_spec.precompiled_charsmap).decode()}


def punctuation(behavior):
    return {"type": "Punctuation", "behavior": behavior}


def byte_level(**options):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True, **options}


CLS_SEP = template([("[CLS]", 1)], [("[SEP]", 2)])
NFC, NFD, NFKC, NFKD = ({"type": name} for name in ("NFC", "NFD", "NFKC", "NFKD"))
LOWERCASE, STRIP_ACCENTS = {"type": "Lowercase"}, {"type": "StripAccents"}


def numbered(pieces, tokens):
    """The tokens with the ids that the library gives: that of the piece with the text, otherwise the next free one."""
    pieces, count = {text: id for id, text in enumerate(pieces)}, len(pieces)
    for token in tokens:
        token["id"] = pieces.get(token["content"], count)
        count += token["id"] == count
    return sorted(tokens, key=lambda token: token["id"])


def standard_added(pieces, *more):
    """The special tokens that are the first pieces, [MASK] and the markers behind the pieces, and then `more` (text, flags)."""
    tokens = [added(None, text, lstrip=text == "[MASK]") for text in (*SPECIAL, "[MASK]", *MARKERS)]
    return numbered(pieces, tokens + [plain(None, text, **flags) for text, flags in more])


ODD_TOKENS = [("cafe\u0301", {}), ("Ma\u030al", {}), ("NEW TOKEN", {}), ("ﬁx", {}),
              ("word", {"single_word": True}), ("Word", {"single_word": True, "normalized": False}),
              ("left", {"lstrip": True}), ("right", {"rstrip": True}),
              ("--", {"lstrip": True, "rstrip": True, "normalized": False}),
              ("naïve", {"single_word": True, "rstrip": True})]


# --- The families ---------------------------------------------------------------------------------------------------


def family_byte_level():
    vocab, merges = byte_level_bpe(900, alphabet=True)
    words = ["Ġunreachable", "ĠnaÃ¯ve", "zqx", "ĠÄł"]  # in the vocabulary, but no merges lead there
    merged = dict(vocab, **{word: len(vocab) + n for n, word in enumerate(words)})
    count = len(merged)

    tokens = [plain(count, "|||IP_ADDRESS|||", normalized=False)]
    tokens += [plain(count + 25 - n, " " * n) for n in range(24, 1, -1)]
    tokens += [added(count + 24, "<|endoftext|>"), plain(count + 25, "|||EMAIL|||")]
    tokens += bert_added(count + 26)
    ends = [[("[CLS]", count + 27)], [("[SEP]", count + 28)]]
    model = bpe_model(merged, [list(merge) for merge in merges])
    tokens.sort(key=lambda token: token["id"])
    yield "modernbert", {"tokenizer.json": tokenizer_json(model, tokens, NFC, byte_level(), template(*ends))}

    odd = ODD_TOKENS + [("\u212b", {}), ("\t\t", {}), ("nai\u0308ve", {"normalized": False})]
    tokens = [*bert_added(0), added(None, "<|endoftext|>"), *(plain(None, text, **flags) for text, flags in odd)]
    tokens = numbered(merged, tokens)
    post = sequence("processors", byte_level(), template([("[CLS]", count + 1)], [("[SEP]", count + 2)]))
    model = bpe_model(merged, [" ".join(merge) for merge in merges], ignore_merges=True)
    level = byte_level(add_prefix_space=True)
    yield "ettin-prefix", {"tokenizer.json": tokenizer_json(model, tokens, normalizers(NFC), level, post)}

    # A Split with its own pattern before a ByteLevel without one, as newer models have it.
    roberta = {"type": "RobertaProcessing", "sep": ["[SEP]", count + 2], "cls": ["[CLS]", count + 1],
               "trim_offsets": True, "add_prefix_space": False}
    steps = pretokenizers(split(GPT2, "Isolated", regex=True), {"type": "Digits", "individual_digits": True},
                          byte_level(use_regex=False))
    yield "mixed-bpe-split", {"tokenizer.json": tokenizer_json(bpe_model(merged, [list(merge) for merge in merges]),
                                                               tokens, normalizers(NFKC, LOWERCASE), steps, roberta)}

    latin = [text for text in corpus() if text.isascii()]
    vocab, merges = byte_level_bpe(500, alphabet=False, texts=latin)
    merges = [" ".join(merge) for merge in merges]
    count = len(vocab)
    vocab["[UNK]"] = count
    tokens = bert_added(count)
    # Bytes without a piece are dropped, or unknown, one by one or together. "null" lacks what older versions did not
    # write.
    roberta = dict(roberta, sep=["[SEP]", count + 2], cls=["[CLS]", count + 1])
    old = {"unk_token": None, "vocab": vocab, "merges": merges}
    old_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    yield "bpe-gaps-null", {"tokenizer.json": tokenizer_json(old, tokens, None, old_level, roberta)}
    for name, options in (("fuse", {"fuse_unk": True, "continuing_subword_prefix": "", "end_of_word_suffix": ""}),
                          ("unk", {})):
        model = bpe_model(vocab, merges, unk_token="[UNK]", **options)
        yield f"bpe-gaps-{name}", {"tokenizer.json": tokenizer_json(model, tokens, None, byte_level(), roberta)}
    steps = pretokenizers(split(r"\s+", "MergedWithNext", regex=True), punctuation("Isolated"),
                          byte_level(add_prefix_space=True))
    yield "mixed-bpe-prefix", {"tokenizer.json": tokenizer_json(bpe_model(vocab, merges), tokens, NFD, steps, None)}


def family_unigram():
    message = unigram(1300, normalization_rule_name="nmt_nfkc", byte_fallback=True, character_coverage=0.985)
    steps = normalizers(strip(True, True), precompiled(message), replace(" {2,}", " "))
    tokens = standard_added([piece.piece for piece in message.pieces])
    config = {"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": False, "split_by_punct": False,
              "unk_token": "[UNK]", "extra_special_tokens": {},
              "added_tokens_decoder": decoder_of(tokens)}
    model = unigram_model(message, byte_fallback=True)
    yield "mdeberta-bytes", {"tokenizer.json": tokenizer_json(model, tokens, steps, pretokenizers(metaspace()), CLS_SEP),
                             "tokenizer_config.json": config}

    message = unigram(620, rules=RULES, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, pad_piece="<pad>", eos_piece="</s>",
                      unk_piece="<unk>", character_coverage=0.98)
    model = unigram_model(message, unk_id=2)
    count = len(message.pieces)
    tokens = [added(id, text) for id, text in enumerate(["<pad>", "</s>", "<unk>"])]
    tokens += [added(count + n, text) for n, text in enumerate(MARKERS)]
    steps = pretokenizers({"type": "WhitespaceSplit"}, metaspace())
    config = {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "additional_special_tokens": MARKERS, "eos_token": "</s>",
              "unk_token": "<unk>", "pad_token": "<pad>"}
    yield "t5-like", {
        "tokenizer.json": tokenizer_json(model, tokens, precompiled(message), steps, template([], [("</s>", 1)])),
        "tokenizer_config.json": config}
    yield "t5-spiece", {"spiece.model": message.SerializeToString(),
                        "tokenizer_config.json": {"tokenizer_class": "T5Tokenizer", "extra_ids": 5}}


def family_mixed():
    # Trained on raw text, so that there are pieces for what normalizers remove.
    message = unigram(560, normalization_rule_name="identity", remove_extra_whitespaces=False, character_coverage=0.98)
    rules = unigram(300, rules=RULES, character_coverage=0.98)
    model = unigram_model(message)
    texts = [text for text, _ in model["vocab"]]
    odd = standard_added(texts, *ODD_TOKENS)
    few = standard_added(texts)
    bert = {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]}

    def file(normalizer, pre_tokenizer, tokens=few, post=CLS_SEP, model=model):
        return {"tokenizer.json": tokenizer_json(model, tokens, normalizer, pre_tokenizer, post)}

    yield "mixed-strip-left", file(normalizers(strip(True, False), replace("``", '"', regex=False), replace(r"\s+", " ")),
                                   metaspace(), post=bert)
    yield "mixed-strip-right", file(normalizers(strip(False, True), NFKC, replace(r"[^\S\n]+", " ")),
                                    metaspace("first", split=False), odd)
    yield "mixed-first-nfc", file(NFC, metaspace("first"), odd)
    yield "mixed-first-nfkd", file(normalizers(NFKD, STRIP_ACCENTS, LOWERCASE), pretokenizers(metaspace("first")), odd)
    yield "mixed-first-charsmap", file(normalizers(strip(True, True), precompiled(rules), replace(" {2,}", " ")),
                                       metaspace("first"), odd)
    yield "mixed-first-replace", file(normalizers(replace("the ", "", regex=False), replace(r"\s{2,}|[\n\r\t]", " "), NFC,
                                                  strip(True, True)), metaspace("first"), odd)
    yield "mixed-first-prepend", file(normalizers({"type": "Prepend", "prepend": "▁"}, replace(r"\d", "0"),
                                                  strip(True, False)), metaspace("first"), odd)
    yield "mixed-never", file(normalizers(NFD, STRIP_ACCENTS, replace("e", "", regex=False)), metaspace("never"), odd)
    yield "mixed-never-whole", file(normalizers(LOWERCASE, normalizers(NFC, normalizers(replace(r"\d", "")))),
                                    pretokenizers(metaspace("never", split=False)), odd)

    # As Llama: the normalizer does what Metaspace does elsewhere. Half of the bytes have a piece.
    pieces = model["vocab"] + [[f"<0x{byte:02X}>", 0.0] for byte in range(128, 256)]
    pieces += [[f"<0x{byte:02X}>", -7.5] for byte in range(0x41)]
    llama = dict(model, vocab=pieces, byte_fallback=True)
    yield "mixed-prepend", file(normalizers({"type": "Prepend", "prepend": "▁"}, replace(" ", "▁", regex=False)), None,
                                standard_added([text for text, _ in pieces], *ODD_TOKENS), model=llama)

    legacy = {"type": "Metaspace", "replacement": "▁", "str_rep": "▁", "add_prefix_space": True}
    yield "mixed-legacy", file(None, legacy, odd, post=None, model={key: model[key] for key in ("unk_id", "vocab")})
    # Few distinct scores, many of them equal: the order of candidates decides.
    ties = [[text, 0.0 if score == 0 else -float(round(-score / 2) * 2)] for text, score in model["vocab"]]
    yield "mixed-ties", file(NFKC, metaspace(), few, model=dict(model, vocab=ties))

    behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
    patterns = [r"\s+", GPT2, r"[^\S\n]+", r"\d", r" {2,}"]
    inverted = [GPT2, r"\s+", r"\d", r"[^\S\n]+", r" {2,}"]
    for n, behavior in enumerate(behaviors):
        steps = [split("-", behavior), split(patterns[n], behaviors[(n + 2) % 5], regex=True), metaspace()]
        yield f"mixed-split-{behavior.lower()}", file(None, pretokenizers(*steps), odd)
        steps = [split(inverted[n], behavior, invert=True, regex=True), metaspace("first")]
        if behavior != "Removed":
            steps.insert(0, split("e", behavior, invert=True))
        yield f"mixed-invert-{behavior.lower()}", file(NFC, pretokenizers(*steps), odd)
        digits = {"type": "Digits", "individual_digits": n % 2 == 0}
        steps = [digits, {"type": "Punctuation"} if behavior == "Isolated" else punctuation(behavior),
                 metaspace("always", split=n % 2 == 0)]
        if n == 4:
            steps.insert(0, {"type": "WhitespaceSplit"})
        yield f"mixed-punctuation-{behavior.lower()}", file(LOWERCASE if n == 1 else None, pretokenizers(*steps))
    # All of one text removed.
    yield "mixed-split-keep", file(None, pretokenizers(split(" ", "Removed", invert=True), metaspace("never")))


def family_spm():
    """Folders without tokenizer.json, and folders whose tokenizer.json is rebuilt by transformers 5."""
    base = {"tokenizer_class": "DebertaV2Tokenizer"}
    message = unigram(600, rules=RULES, character_coverage=0.98)
    count = len(message.pieces)
    model = message.SerializeToString()

    def flags(content, **more):
        return flags_of(added(None, content, **more))

    decoder = {str(id): flags(text) for id, text in enumerate(SPECIAL)}
    decoder["3"]["normalized"] = True
    decoder |= {str(count + n): flags(text, lstrip=text == "[MASK]") for n, text in enumerate(["[MASK]", *MARKERS])}
    decoder[str(count + 4)] = flags("word", single_word=True, special=False, normalized=True)
    decoder[str(count + 5)] = flags("right", rstrip=True, special=False, normalized=False)

    yield "spm-plain", {"spm.model": model, "tokenizer_config.json": base}
    config = dict(base, do_lower_case=True, split_by_punct=True, add_prefix_space=False, additional_special_tokens=MARKERS)
    yield "spm-options", {"spm.model": model, "tokenizer_config.json": config}
    config = dict(base, added_tokens_decoder=decoder, extra_special_tokens={}, unk_token="[UNK]")
    yield "spm-decoder", {"spm.model": model, "tokenizer_config.json": config, "added_tokens.json": {"not used": count},
                          "special_tokens_map.json": {"mask_token": "<not used>"}}
    names = {f"{text[1:-1].lower()}_token": text for text in SPECIAL}
    mask = {key: value for key, value in flags("[MASK]", lstrip=True).items() if key != "special"}
    names |= {"bos_token": "[CLS]", "eos_token": "[SEP]", "mask_token": mask,
              "additional_special_tokens": ["<<LABEL>>", "<<SEP>>"]}
    tokens = {"<<EXAMPLE>>": count + 3, "[MASK]": count, "<<LABEL>>": count + 1, "<<SEP>>": count + 2}
    yield "spm-added", {"spm.model": model, "tokenizer_config.json": dict(base, vocab_type="spm"),
                        "added_tokens.json": tokens, "special_tokens_map.json": names}
    tokens = {"[MASK]": count, "<<LABEL>>": count + 1, "<<SEP>>": count + 2, "naïve": count + 3}
    yield "spm-added-only", {"spm.model": model, "tokenizer_config.json": base, "added_tokens.json": tokens}
    symbols = unigram(600, normalization_rule_name="identity",
                      user_defined_symbols=["[MASK]", "<<LABEL>>", "foo bar", "--"], control_symbols=["<ctl>", "<<SEP>>"],
                      character_coverage=0.98)
    yield "spm-symbols", {"spm.model": symbols.SerializeToString(), "tokenizer_config.json": base}
    other = unigram(800, rules=RULES, byte_fallback=True, character_coverage=0.98, unk_id=0, bos_id=1, eos_id=2,
                    pad_id=-1, unk_piece="<unk>", bos_piece="<s>", eos_piece="</s>")
    yield "spm-bytes", {"spm.model": other.SerializeToString(),
                        "tokenizer_config.json": dict(base, additional_special_tokens=MARKERS)}

    pre_tokenizer = pretokenizers(metaspace())
    normalizer = normalizers(strip(True, True), precompiled(message), replace(" {2,}", " "))
    tokens = standard_added([piece.piece for piece in message.pieces], *ODD_TOKENS)
    json = tokenizer_json(unigram_model(message), tokens, normalizer, pre_tokenizer, CLS_SEP)
    config = dict(base, do_lower_case=True, split_by_punct=True)
    yield "fast-options", {"tokenizer.json": json, "tokenizer_config.json": config}
    # No prefix space; an [UNK] whose score is not 0, so that the unknown id is that of the configuration; bytes that are
    # not used; another template; a token that is new.
    pieces = [list(piece) for piece in unigram_model(message)["vocab"]]
    pieces[3][1] = -2.5
    model = unigram_model(message, vocab=pieces, byte_fallback=True)
    config = dict(base, add_prefix_space=False, unk_id=0, cls_token="<<C>>", additional_special_tokens=["<x>"],
                  added_tokens_decoder=decoder_of(tokens))
    yield "fast-noprefix", {"tokenizer.json": tokenizer_json(model, tokens, normalizer, pre_tokenizer, None),
                            "tokenizer_config.json": config}


def families():
    """Pairs of a name and the files of its folder: bytes, or what is to be written as JSON."""
    yield from family_byte_level()
    yield from family_unigram()
    yield from family_mixed()
    yield from family_spm()


def sets():
    """For every set of ids: folder, profile, and the names of the files that count."""
    folder = "Tests/Fixtures/tokenizer/families/"
    behaviors = ["removed", "isolated", "mergedwithprevious", "mergedwithnext", "contiguous"]
    names = ["mdeberta-bytes", "modernbert", "ettin-prefix", "bpe-gaps-null", "bpe-gaps-fuse", "bpe-gaps-unk", "t5-like"]
    names += ["mixed-" + name for name in ("strip-left", "strip-right", "first-nfc", "first-nfkd", "first-charsmap",
                                           "first-replace", "first-prepend", "never", "never-whole", "prepend", "legacy",
                                           "ties", "split-keep", "bpe-split", "bpe-prefix")]
    names += [f"mixed-{kind}-{behavior}" for kind in ("split", "invert", "punctuation") for behavior in behaviors]
    result = {"deberta": (DEMO, "tokenizers", ["tokenizer.json"])}
    result |= {name: (folder + name, "tokenizers", ["tokenizer.json"]) for name in names}

    spm, config = "spm.model", "tokenizer_config.json"
    more = {"spm-decoder": ["added_tokens.json", "special_tokens_map.json"],
            "spm-added": ["added_tokens.json", "special_tokens_map.json"], "spm-added-only": ["added_tokens.json"]}
    result["t4-deberta"] = (DEMO, "transformers-4", [spm, config])
    for name in ("spm-plain", "spm-options", "spm-decoder", "spm-added", "spm-added-only", "spm-symbols", "spm-bytes"):
        result["t4-" + name] = (folder + name, "transformers-4", [spm, config, *more.get(name, [])])
    result["t5-deberta"] = (DEMO, "transformers-5", ["tokenizer.json", config])
    for name in ("mdeberta-bytes", "fast-options", "fast-noprefix", "t5-like"):
        result["t5-" + name] = (folder + name, "transformers-5", ["tokenizer.json", config])
    for name in ("spm-options", "spm-decoder", "spm-added", "spm-symbols", "spm-bytes"):
        result["t5-" + name] = (folder + name, "transformers-5", [spm, config, *more.get(name, [])])
    result["t5-t5-spiece"] = (folder + "t5-spiece", "transformers-5", ["spiece.model", config])
    return result


SETS = sets()
