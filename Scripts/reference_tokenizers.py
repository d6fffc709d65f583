"""The tokenizers of reference outputs, one a profile of docs/tokenizers.md. A part of reference_outputs.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from script_io import fail, parse_json

PROFILES = ("tokenizers", "transformers-5")
# What a tokenizer may be made of, in the order that transformers prefers.
TOKENIZER_FILES = ("tokenizer.json", "spm.model", "spiece.model")
MARKERS = (
    ("class_token_index", "<<LABEL>>"),
    ("text_token_index", "<<SEP>>"),
    ("example_token_index", "<<EXAMPLE>>"),
)


def tokenizer_file(model_dir: Path, profile: str) -> Path:
    """What the tokenizer of `model_dir` is made of."""
    found = [path for name in TOKENIZER_FILES if (path := model_dir / name).is_file()]
    if not found:
        fail(f"{model_dir}: no tokenizer found (looked for {', '.join(TOKENIZER_FILES)})", 66)
    if profile == "tokenizers" and found[0].name != "tokenizer.json":
        fail(
            f"{model_dir}: no tokenizer.json, only {found[0].name}, which has no stored form to refer to; convert and "
            "record with --tokenizer-profile transformers-5, or save the tokenizer as tokenizer.json"
        )
    return found[0]


class StoredTokenizer:
    """tokenizer.json as it stands, called by the pipeline in place of a transformers tokenizer."""

    def __init__(self, model_dir: Path) -> None:
        from tokenizers import Tokenizer

        path = tokenizer_file(model_dir, "tokenizers")
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # The library raises bare Exception.
            fail(f"{path}: {error}")
        self._tokenizer.no_padding()
        self._direction = self._truncation_side(model_dir / "tokenizer_config.json")

    @staticmethod
    def _truncation_side(path: Path) -> str:
        if not path.is_file():
            return "right"
        return parse_json(path.read_text(encoding="utf-8"), str(path)).get("truncation_side", "right")

    def __call__(
        self, texts: list[str], truncation: bool, max_length: int, padding: str, return_tensors: str
    ) -> "BatchEncoding":  # noqa: F821
        assert truncation and padding == "longest" and return_tensors == "pt", "the pipeline has changed its call"
        (text,) = texts  # Batch size 1, so nothing is ever padded.
        self._tokenizer.enable_truncation(max_length, direction=self._direction)
        return as_batch(self._tokenizer.encode(text).ids)


class Transformers5Tokenizer:
    """What AutoTokenizer of transformers 5.x makes of the folder, with the markers that it would lose."""

    def __init__(self, model_dir: Path, config: dict[str, Any]) -> None:
        import transformers

        if transformers.__version__.split(".")[0] != "5":
            fail(f"--tokenizer-profile transformers-5: expected transformers 5.x, found {transformers.__version__}")
        path = tokenizer_file(model_dir, "transformers-5")
        transformers.utils.logging.set_verbosity_error()
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(str(model_dir), local_files_only=True)
        except Exception as error:  # Of many kinds, by what is missing or unknown.
            reason = " ".join(str(error).split())[:300]
            if path.suffix == ".model":
                reason += " (it reads .model files by sentencepiece and protobuf)"
            fail(f"{path}: transformers {transformers.__version__} cannot load the tokenizer: {reason}")
        self._keep_markers(model_dir, config)

    def _keep_markers(self, model_dir: Path, config: dict[str, Any]) -> None:
        """Tokens that config.json names by id, with the flags that tokenizer.json gives them (formats/tokenizer.md)."""
        stored: dict[int, dict[str, Any]] = {}
        if (path := model_dir / "tokenizer.json").is_file():
            entries = parse_json(path.read_text(encoding="utf-8"), str(path)).get("added_tokens") or []
            stored = {entry["id"]: entry for entry in entries}
        markers = [(config.get(field), text) for field, text in MARKERS if isinstance(config.get(field), int)]
        for identity, text in sorted(markers):
            entry = stored.get(identity, {"content": text, "special": True})
            if self._tokenizer.convert_tokens_to_ids(entry["content"]) == identity:
                continue
            self._add(entry)
            if (found := self._tokenizer.convert_tokens_to_ids(entry["content"])) != identity:
                fail(f"{model_dir}: {entry['content']} would be token {found}, config.json says {identity}")

    def _add(self, entry: dict[str, Any]) -> None:
        from tokenizers import AddedToken

        flags = {name: entry[name] for name in ("lstrip", "rstrip", "single_word", "normalized") if name in entry}
        special = bool(entry.get("special"))
        self._tokenizer.add_tokens([AddedToken(entry["content"], special=special, **flags)], special_tokens=special)

    def __call__(
        self, texts: list[str], truncation: bool, max_length: int, padding: str, return_tensors: str
    ) -> "BatchEncoding":  # noqa: F821
        (text,) = texts
        return as_batch(self._tokenizer(text, truncation=truncation, max_length=max_length)["input_ids"])


def as_batch(ids: list[int]) -> "BatchEncoding":  # noqa: F821
    """One input, as the pipeline passes it on to the model."""
    import torch
    from transformers import BatchEncoding

    tensor = torch.tensor([ids])
    return BatchEncoding({"input_ids": tensor, "attention_mask": torch.ones_like(tensor)})
