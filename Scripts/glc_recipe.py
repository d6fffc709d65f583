"""The member `recipe` of the metadata, by formats/glc.md, and which forms of tensors it asks for. A part of read_glc.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from glc_common import round_up
from glc_file import BF16, ENCODINGS, F16, F32, INT4, INT8, LAYOUTS, PANELS, ROWS, TILES, File, Record
from glc_tables import ROW_TABLES, SMALL_MATRICES

SCHEMES = {"q8": INT8, "q4": INT4, "f16": F16, "bf16": BF16, "f32": F32}
GROUP_SIZES = (32, 64, 128, "channel")
STEPS = "error_weights input_scales gptq bias_correction".split()
OLD_WEIGHTS = {"int8": "q8", "f32": "f32"}
ROOTS = ("", "model.", "model.encoder_model.")

Form = tuple[int, int, int]


class Recipe:
    """A recipe as it asks for forms; one of before `schema` asks for q8 or f32 and nothing else."""

    def __init__(self, member: dict[str, Any]) -> None:
        older = "schema" not in member
        self.weights: str = OLD_WEIGHTS.get(str(member.get("weights")), "q8") if older else member["weights"]
        self.group_size: int | str = 64 if older else member["group_size"]
        self.embeddings: str = self.weights if older else member["embeddings"]
        self.keep: list[dict[str, Any]] = [] if older else member["keep"]
        calibration = member.get("calibration")
        self.compensates = isinstance(calibration, dict) and bool(member["steps"]["gptq"])
        self.corrects_biases = isinstance(calibration, dict) and bool(calibration.get("bias_correction"))

    def scheme(self, name: str, rank: int, sources: Iterable[str]) -> tuple[str, int | str]:
        """Scheme and group size of a tensor, by its names."""
        scheme, group_size = self.weights, self.group_size
        if name in ROW_TABLES:
            scheme = self.embeddings
        elif scheme == "q4" and not name.startswith("layers."):
            scheme = "q8"
        if is_weight(name, rank):
            for entry in self.keep:
                pattern = re.escape(entry["tensors"]).replace(r"\*", ".*").replace(r"\?", ".")
                if any(re.fullmatch(pattern, other, re.DOTALL) for other in (name, *sources)):
                    scheme, group_size = entry["scheme"], entry["group_size"] or self.group_size
        return scheme, group_size

    def form(self, name: str, shape: tuple[int, ...], sources: Iterable[str] = ()) -> Form:
        """Encoding, layout and group size of a tensor."""
        if len(shape) == 1 or name == "embeddings.segments":
            return F32, ROWS, 0
        if name in SMALL_MATRICES:
            return F32, PANELS, 0
        scheme, group_size = self.scheme(name, len(shape), sources)
        encoding = SCHEMES[scheme]
        if name in ROW_TABLES:
            layout = ROWS
        else:
            if len(shape) == 3 and encoding == INT4:
                encoding = INT8
            layout = TILES if encoding in (INT8, INT4) else PANELS
        if encoding != INT4:
            return encoding, layout, 0
        return encoding, layout, round_up(shape[-1], 64) if isinstance(group_size, str) else group_size


def is_weight(name: str, rank: int) -> bool:
    """Whether a recipe has a say in how the tensor is stored."""
    return rank > 1 and name != "embeddings.segments" and name not in SMALL_MATRICES


def names_of(source: str) -> list[str]:
    """The names by which a pattern may mean a tensor of the checkpoint."""
    return [source.removeprefix(root) for root in ROOTS if source.startswith(root)]


# --- Checking -------------------------------------------------------------------------------------------------------


def check(file: File) -> Iterator[str]:
    """Every member of the recipe, and where no pattern names tensors of the checkpoint the forms of all tensors."""
    member = file.metadata.get("recipe")
    if member is None:
        return
    if not isinstance(member, dict):
        yield f"metadata: recipe is {member!r}, expected an object"
        return
    problems = list(check_members(member))
    yield from (f"metadata: recipe.{line}" for line in problems)
    attention = file.member("numerics").get("attention")
    if "schema" in member and member.get("attention") != attention:
        yield f"metadata: recipe.attention is {member.get('attention')!r}, numerics.attention {attention!r}"
    if not problems and not member.get("keep"):
        recipe = Recipe(member)
        for record in file.records:
            yield from compare_form(record, recipe.form(record.name, record.shape))


def check_members(member: dict[str, Any]) -> Iterator[str]:
    if "schema" not in member:
        if "weights" in member and member["weights"] not in OLD_WEIGHTS:
            yield f"weights is {member['weights']!r}, without a schema expected one of {', '.join(OLD_WEIGHTS)}"
        return
    if member["schema"] != 1:
        yield f"schema is {member['schema']!r}, expected 1"
        return
    rules = {
        "weights": lambda value: value in SCHEMES,
        "group_size": is_group_size,
        "embeddings": lambda value: value in SCHEMES,
        "attention": lambda value: value in ("f32", "int8"),
        "keep": lambda value: isinstance(value, list) and all(is_override(entry) for entry in value),
        "steps": lambda value: is_object(value, STEPS) and all(type(step) is bool for step in value.values()),
        "calibration": lambda value: value is None or is_calibration(value),
        "vocabulary": lambda value: value is None or isinstance(value, dict),
    }
    for name, rule in rules.items():
        if name not in member:
            yield f"{name} is missing"
        elif not rule(member[name]):
            yield f"{name} is {member[name]!r}"
    calibration, steps = member.get("calibration"), member.get("steps")
    if isinstance(calibration, dict) and isinstance(steps, dict):
        if calibration.get("bias_correction") != steps.get("bias_correction"):
            yield "calibration.bias_correction is not that of steps"


def is_group_size(value: Any) -> bool:
    return type(value) is not bool and value in GROUP_SIZES


def is_object(value: Any, names: list[str]) -> bool:
    return isinstance(value, dict) and value.keys() == set(names)


def is_override(value: Any) -> bool:
    return (
        is_object(value, ["tensors", "scheme", "group_size"])
        and isinstance(value["tensors"], str)
        and value["scheme"] in SCHEMES
        and (value["group_size"] is None or is_group_size(value["group_size"]))
    )


def is_calibration(value: Any) -> bool:
    return (
        is_object(value, ["data", "sha256", "texts", "tokens", "bias_correction"])
        and isinstance(value["data"], str)
        and "/" not in value["data"]
        and isinstance(value["sha256"], str)
        and re.fullmatch("[0-9a-f]{64}", value["sha256"]) is not None
        and all(type(value[name]) is int and value[name] >= 0 for name in ("texts", "tokens"))
        and type(value["bias_correction"]) is bool
    )


def compare_form(record: Record, expected: Form) -> Iterator[str]:
    found = record.encoding, record.layout, record.group_size
    if found != expected:
        yield f"{record.name}: stored as {describe(found)}, the recipe says {describe(expected)}"


def describe(form: Form) -> str:
    encoding, layout, group_size = form
    return f"{ENCODINGS[encoding]} {LAYOUTS[layout]}" + (f" in groups of {group_size}" if group_size else "")
