#!/usr/bin/env python3
"""Records which tokenizer transformers 4.x and 5.x make of small folders: Tests/Fixtures/tokenizer/folders.jsonl.

    Scripts/tokenizer_folders.py --python4 PYTHON

Needs transformers 5.24.0, tokenizers 0.23.3, sentencepiece 0.2.3 and protobuf; PYTHON is the interpreter of a second environment
with transformers 4.57.6, tokenizers 0.22.2, sentencepiece 0.2.3 and protobuf.

A line is {"name", "files", "profile", "result"}: the files of the folder (SentencePiece models in base64), who reads it, and
the tokenizer that results, or {"error": the exception's name}. `profile` is transformers-4 (DebertaV2TokenizerFast, without
tokenizer.json) or transformers-5 (AutoTokenizer).
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

FOLDERS = Path(__file__).resolve().parent.parent / "Tests/Fixtures/tokenizer/folders.jsonl"
VERSIONS = {"4": {"transformers": "4.57.6", "tokenizers": "0.22.2", "sentencepiece": "0.2.3"},
            "5": {"transformers": "5.24.0", "tokenizers": "0.23.3", "sentencepiece": "0.2.3"}}
CHARSMAP = (1024).to_bytes(4, "little") + bytes(1025)  # of nothing: a trie of 256 units without children, and an empty text
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


# --- The folders ----------------------------------------------------------------------------------------------------


def model(pieces, unk_id=3, charsmap=None):
    from sentencepiece import sentencepiece_model_pb2

    message = sentencepiece_model_pb2.ModelProto()
    for text, kind, score in pieces:
        message.pieces.add(piece=text, type=kind, score=score)
    message.trainer_spec.model_type = 1
    message.trainer_spec.unk_id = unk_id
    message.trainer_spec.byte_fallback = any(kind == BYTE for _, kind, _ in pieces)
    if charsmap:
        message.normalizer_spec.precompiled_charsmap = charsmap
    return base64.b64encode(message.SerializeToString()).decode()


def flags(content, type=False, **more):
    return {"content": content, **more, **({"__type": "AddedToken"} if type else {})}


def full(content, **more):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True,
            **more}


NAMES = [("[PAD]", CONTROL, 0), ("[CLS]", CONTROL, 0), ("[SEP]", CONTROL, 0), ("[UNK]", UNKNOWN, 0)]
WORDS = [("▁", NORMAL, -1.1), ("▁a", NORMAL, -2.3), ("b", NORMAL, -3.7)]
MARKERS = ["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"]


def tokenizer_json(pieces, added, normalizer=None, model=None, **more):
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": id, **full(text, **options)} for id, text, options in added], "normalizer": normalizer,
            "pre_tokenizer": None, "post_processor": None, "decoder": None,
            "model": {"type": "Unigram", "unk_id": 3, "byte_fallback": False,
                      "vocab": [[text, score] for text, _, score in pieces], **(model or {})}, **more}


def folders():
    """Names and files of the folders."""
    deberta = {"tokenizer_class": "DebertaV2Tokenizer"}
    plain = model(NAMES + WORDS)
    decoder = {"7": full("[MASK]", lstrip=True), "3": full("[UNK]", normalized=True), "9": full("<<SEP>>"),
               "8": full("<<LABEL>>"), "10": flags("word", single_word=True)}
    tokens = {"<<SEP>>": 9, "[MASK]": 7, "<<LABEL>>": 8, "nai\u0308ve": 10}
    names = {"mask_token": {key: value for key, value in full("[MASK]", lstrip=True).items() if key != "special"},
             "additional_special_tokens": ["<<LABEL>>", "<<SEP>>"], "cls_token": "[CLS]"}

    def spm(name, config=None, spm=plain, tokenizer_class=deberta, **files):
        yield name, {"spm.model": spm, "tokenizer_config.json": {**tokenizer_class, **(config or {})},
                     **{key + ".json": value for key, value in files.items()}}

    yield from spm("spm")
    yield "spm without configuration", {"spm.model": plain}
    yield from spm("spm fast class", tokenizer_class={"tokenizer_class": "DebertaV2TokenizerFast"})
    yield from spm("spm options", {"do_lower_case": True, "split_by_punct": True, "add_prefix_space": False, "unk_id": 0})
    yield from spm("spm null options", {"do_lower_case": None, "split_by_punct": None, "add_prefix_space": None})
    yield from spm("spm charsmap", spm=model(NAMES + WORDS, charsmap=CHARSMAP))
    yield from spm("spm kinds", spm=model(NAMES + [("[MASK]", USER_DEFINED, 0), ("<ctl>", CONTROL, 0), ("--", USER_DEFINED, 0)] + WORDS))
    kinds = NAMES + [("[MASK]", USER_DEFINED, 0), ("--", USER_DEFINED, 0)] + WORDS
    yield from spm("spm kinds, extra list", {"extra_special_tokens": []}, model(kinds))
    yield from spm("spm kinds, extra object", {"extra_special_tokens": {}}, model(kinds))
    yield from spm("spm kinds, additional", {"additional_special_tokens": MARKERS}, model(kinds))
    yield from spm("spm kinds, no additional", {"additional_special_tokens": []}, model(kinds))
    yield from spm("spm kinds, flags replaced", {"added_tokens_decoder": {"4": full("[MASK]", lstrip=True)}}, model(kinds))
    yield from spm("spm bytes", spm=model(NAMES + [(f"<0x{byte:02X}>", BYTE, 0) for byte in range(256)] + WORDS))
    other = [("<unk>", UNKNOWN, 0), ("<s>", CONTROL, 0), ("</s>", CONTROL, 0)] + WORDS
    yield from spm("spm other names", spm=model(other, unk_id=0))
    yield from spm("spm unknown by another name", {"unk_token": "b"})
    yield from spm("spm score of unknown", spm=model(NAMES[:3] + [("[UNK]", UNKNOWN, -1)] + WORDS))
    yield from spm("spm no template tokens", {"cls_token": "<c>", "bos_token": "<c>", "sep_token": "<s>", "eos_token": "<s>"},
                   model([("[UNK]", UNKNOWN, 0), *WORDS], unk_id=0))
    yield from spm("spm decoder", {"added_tokens_decoder": decoder}, added_tokens={"no": 1}, special_tokens_map={"mask_token": "<no>"})
    yield from spm("spm decoder, unknown given", {"added_tokens_decoder": decoder, "unk_token": "[UNK]"})
    yield from spm("spm empty decoder", {"added_tokens_decoder": {}, "mask_token": "[MASK]"}, added_tokens=tokens, special_tokens_map=names)
    yield from spm("spm decoder, missing flags", {"added_tokens_decoder": {"7": flags("[MASK]"), "8": flags("x", normalized=False)}})
    yield from spm("spm added tokens", added_tokens=tokens)
    yield from spm("spm added tokens, mask given", {"mask_token": "[MASK]"}, added_tokens=tokens)
    yield from spm("spm added tokens, mask with flags given", {"mask_token": flags("[MASK]", True, rstrip=True)}, added_tokens=tokens)
    yield from spm("spm added tokens and map", added_tokens=tokens, special_tokens_map=names)
    yield from spm("spm map", special_tokens_map={**names, "foo_token": "<foo>", "pad_token": None})
    yield from spm("spm map, objects in a list", special_tokens_map={"additional_special_tokens": [flags("<<LABEL>>", lstrip=True), "x"]})
    yield from spm("spm map over configuration", {"mask_token": "<m>", "additional_special_tokens": ["x", "y"]},
                   special_tokens_map={"mask_token": "<n>", "additional_special_tokens": ["y", "z"]})
    yield from spm("spm one text, two roles", {"bos_token": "[CLS]", "cls_token": flags("[CLS]", True, lstrip=True, special=True)})
    yield from spm("spm one text, two roles, other order", {"bos_token": flags("[CLS]", True, lstrip=True), "cls_token": "[CLS]"})
    yield from spm("spm flags given again", {"pad_token": flags("[PAD]", True, normalized=False, special=True), "mask_token": None,
                                             "added_tokens_decoder": {"0": full("[PAD]", normalized=True, lstrip=True), "7": full("x")}})
    yield from spm("spm extra list", {"extra_special_tokens": ["<<LABEL>>", flags("y", True)]})
    yield from spm("spm extra object", {"extra_special_tokens": {"q_token": "<q>", "mask_token": "<m>"}, "foo_token": "<foo>",
                                        "bar_token": flags("<bar>", True), "add_bos_token": True})
    yield from spm("spm both lists", {"extra_special_tokens": ["x"], "additional_special_tokens": ["y"]})
    yield from spm("spm plain object for a token", {"mask_token": flags("[MASK]")})
    yield from spm("spm empty and canonically equal texts", {"bos_token": "", "additional_special_tokens": ["\u00e9", "e\u0301"]})

    added = [(id, text, {}) for id, text in enumerate(["[PAD]", "[CLS]", "[SEP]", "[UNK]"])]
    added += [(7, "[MASK]", {"lstrip": True}), *((8 + n, text, {"rstrip": n == 0}) for n, text in enumerate(MARKERS))]

    def fast(name, config=None, json=None, tokenizer_class=deberta, **files):
        json = json or tokenizer_json(NAMES + WORDS, added)
        yield name, {"tokenizer.json": json, "tokenizer_config.json": {**tokenizer_class, **(config or {})},
                     **{key + ".json": value for key, value in files.items()}}

    yield from fast("json")
    yield from fast("json, empty decoder", {"added_tokens_decoder": {}})
    yield from fast("json, decoder", {"added_tokens_decoder": decoder, "cls_token": "<<C>>", "additional_special_tokens": ["<x>"]})
    yield from fast("json, options", {"do_lower_case": True, "split_by_punct": True, "add_prefix_space": False})
    yield from fast("json, other steps", json=tokenizer_json(
        NAMES + WORDS, added, {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(CHARSMAP).decode()},
        {"byte_fallback": True, "unk_id": 0}))
    scored = [*NAMES[:3], ("[UNK]", UNKNOWN, -1.5), *WORDS]
    yield from fast("json, score of unknown", json=tokenizer_json(scored, added))
    yield from fast("json, score of unknown, id given", {"unk_id": 2}, tokenizer_json(scored, added))
    yield from fast("json, unknown by another name", {"unk_token": flags("[PAD]", True)})
    yield from fast("json, fewer added tokens", json=tokenizer_json(NAMES + WORDS, added[:2]), added_tokens=tokens, special_tokens_map=names)
    yield from fast("json, objects in a list of the map", special_tokens_map={"additional_special_tokens": [flags("<new>")]})
    yield from fast("json, extra list of the map", {"extra_special_tokens": ["x"]}, special_tokens_map={"extra_special_tokens": ["y"]})

    t5 = {"tokenizer_class": "T5Tokenizer"}
    pieces = [("<pad>", CONTROL, 0), ("</s>", CONTROL, 0), ("<unk>", UNKNOWN, 0), ("<extra_id_1>", NORMAL, -1)] + WORDS
    marks = [(7 + n, text, {}) for n, text in enumerate(MARKERS)]
    spiece = {"spiece.model": model(pieces[:3] + WORDS, 2, CHARSMAP)}
    yield "spiece", {**spiece, "tokenizer_config.json": {**t5, "extra_ids": 3}}
    yield "spiece, no extra ids", {**spiece, "tokenizer_config.json": {**t5, "extra_ids": 0, "add_prefix_space": False}}
    yield "spiece, additional", {**spiece, "tokenizer_config.json": {**t5, "extra_ids": 2, "additional_special_tokens": MARKERS}}
    yield "spiece, declared ids", {**spiece, "tokenizer_config.json": {**t5, "extra_ids": 2, "eos_token": "<e>"}, "added_tokens.json": {"<<LABEL>>": 8, "<e>": 9}}
    json = tokenizer_json(pieces, marks, model={"unk_id": 0})
    yield from fast("t5 json", {"extra_ids": 3}, json, t5)
    yield from fast("t5 json, fast class", {"extra_ids": 0, "additional_special_tokens": ["<y>"]}, json, {"tokenizer_class": "T5TokenizerFast"})
    yield from fast("t5 json, list of the map", {"extra_ids": 2}, json, t5, special_tokens_map={"additional_special_tokens": ["<y>"]})
    yield from fast("t5 json, extra ids in the map", {"extra_ids": 2}, json, t5, special_tokens_map={"additional_special_tokens": ["<extra_id_1>"]})
    steps = [{"type": "NFC"}, {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(CHARSMAP).decode()}]
    yield from fast("t5 json, steps", {"extra_ids": 0}, tokenizer_json(pieces, marks, {"type": "Sequence", "normalizers": steps}), t5)
    yield from fast("t5 json, one step", {"extra_ids": 0}, tokenizer_json(pieces, marks, {"type": "NFC"}), t5)

    yield "backend without configuration", {"tokenizer.json": tokenizer_json(NAMES + WORDS, added, {"type": "NFC"})}
    backend = {"tokenizer_class": "PreTrainedTokenizerFast"}
    more = {"9": full("<<SEP>>", lstrip=True), "3": flags("[UNK]"), "11": full("<new>")}
    yield from fast("backend, decoder", {"added_tokens_decoder": more, "mask_token": "<m>", "additional_special_tokens": ["<y>"]}, None, backend)
    yield from fast("backend, unknown class", {"added_tokens_decoder": {}, "bos_token": "[CLS]"}, None, {"tokenizer_class": "NoSuchTokenizer"})
    padding = {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0,
               "pad_token": "<fill>"}
    yield from fast("backend, padding", None, {**tokenizer_json(NAMES + WORDS, added), "padding": padding}, {"tokenizer_class": "TokenizersBackend"})
    yield from fast("backend, map", None, None, backend, special_tokens_map=names, added_tokens={"<z>": 11})


# --- Asking the libraries -------------------------------------------------------------------------------------------


def steps(node, key):
    """Every step of a normalizer or pre-tokenizer in a short form."""
    if node is None:
        return []
    if node["type"] == "Sequence":
        return [form for step in node[key] for form in steps(step, key)]
    fields = {"Strip": ["strip_left", "strip_right"], "Replace": ["pattern", "content"], "Punctuation": ["behavior"],
              "Metaspace": ["prepend_scheme", "split"]}.get(node["type"], [])
    values = [node[field] for field in fields]
    texts = [value["Regex"] if isinstance(value, dict) else str(value) for value in values]
    return [" ".join([node["type"], *texts]).replace("True", "true").replace("False", "false")]


def describe(tokenizer):
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    before, after, seen = [], [], False
    processor = state["post_processor"] or {"single": []}
    for item in processor["single"]:
        if "Sequence" in item:
            seen = True
        else:
            (after if seen else before).extend(processor["special_tokens"][item["SpecialToken"]["id"]]["ids"])
    flag_names = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    return {"unknown": state["model"]["unk_id"], "byte_fallback": state["model"]["byte_fallback"],
            "pieces": [text for text, _ in state["model"]["vocab"]],
            "normalizer": steps(state["normalizer"], "normalizers"),
            "pre_tokenizer": steps(state["pre_tokenizer"], "pretokenizers"), "before": before, "after": after,
            "added": [[token["id"], token["content"], " ".join(name for name in flag_names if token[name])]
                      for token in state["added_tokens"]]}


def read(files, generation):
    import transformers

    transformers.logging.set_verbosity(60)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            content = base64.b64decode(content) if name.endswith(".model") else json.dumps(content).encode()
            (Path(folder) / name).write_bytes(content)
        reader = transformers.AutoTokenizer if generation == "5" else transformers.DebertaV2TokenizerFast
        try:
            return describe(reader.from_pretrained(folder, local_files_only=True))
        except Exception as error:  # what the library refuses
            return {"error": type(error).__name__}


def check_versions(generation):
    for package, expected in VERSIONS[generation].items():
        if version(package) != expected:
            sys.exit(f"error: expected {package} {expected}, found {version(package)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python4", help="interpreter of the environment with transformers 4.57.6")
    parser.add_argument("--four", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
    if arguments.four:
        check_versions("4")
        rows = [json.loads(line) for line in arguments.four.read_text().splitlines()]
        arguments.four.write_text("".join(json.dumps(read(files, "4")) + "\n" for files in rows))
        return
    check_versions("5")
    every = list(folders())
    # libsentencepiece, which 4.x loads the model with, does not take the charsmap of nothing.
    four = [(name, files) for name, files in every if "spm.model" in files and name != "spm charsmap"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "four.jsonl"
        path.write_text("".join(json.dumps(files) + "\n" for _, files in four))
        subprocess.run([arguments.python4, __file__, "--four", path], check=True, stdout=subprocess.DEVNULL)
        results = [json.loads(line) for line in path.read_text().splitlines()]
    rows = [{"reference": {"producer": "Scripts/tokenizer_folders.py", "versions": VERSIONS}}]
    rows += [{"name": name, "files": files, "profile": "transformers-4", "result": result}
             for (name, files), result in zip(four, results)]
    rows += [{"name": name, "files": files, "profile": "transformers-5", "result": read(files, "5")} for name, files in every]
    FOLDERS.write_text("".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows))
    print(f"{len(rows) - 1} folders, {FOLDERS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
