#!/usr/bin/env python3
"""Make a checkpoint whose outlier channels are stronger than those of the one it is made from.

    outlier_checkpoint.py SOURCE_DIR OUT_DIR [--offset 120] [--factor 10] [--channels 3] [--epochs 2] [--batch 8]
                          [--learning-rate 2e-4] [--seed 1] [--threads 1]

SOURCE_DIR is a Hugging Face folder of a GLiClass uni-encoder on DeBERTa-v2/v3 with eval.jsonl; the method is for models
whose head reads the encoder's states by its projectors alone (scorer `simple`, no LSTM, no weighted layers). OUT_DIR
receives the same files with other weights. reference_outputs.py then records what the new checkpoint computes: it is a
model of its own, and errors of quantization are measured against its own float32 logits.

1. In the whole residual stream the --channels features that are largest in SOURCE_DIR are made --factor times larger,
   and --offset times the median feature is added to them, with alternating signs: what large models do with a few of
   their channels. Rows of attention.output and output are multiplied, and in all that reads the stream columns are
   divided and biases changed, which undoes it exactly.
2. What cannot be undone exactly is the LayerNorms, which divide by the deviation of a row that these channels are a part
   of. Their gains and biases are set, one after the other, so that on some texts the features have the means
   and the size that they had (times the factor, plus the offset).
3. A short training takes care of the rest: the logits of SOURCE_DIR for the texts of eval.jsonl with random labels (out
   of all that eval.jsonl names) are the target, squared error, Adam, everything trained but the relative embeddings.

Printed: micro F1 on eval.jsonl before, between and after, and for every LayerNorm the root mean square of these channels
over that of the median channel.

Needs torch, transformers, tokenizers and gliclass. Exit status: 0 done, 2 usage, 65 bad or unsupported data, 66 input
missing. Beside it: reference_outputs.py.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from pathlib import Path
from typing import Any

import torch
import torch.nn.utils.parametrize

from reference_outputs import make_pipeline, read_config, read_data, weight_files
from script_io import fail, positive

COPIED = ("config.json", "eval.jsonl", "tokenizer.json", "tokenizer_config.json", "spm.model")
MAXIMUM_LENGTH = 1024
STATISTICS_TEXTS = 24  # texts that features are measured on

Batch = list[tuple[str, list[str]]]
Changed = tuple[list[int], torch.Tensor, float]  # Channels, offset of each, factor.


def encoder_norms(encoder: torch.nn.Module) -> dict[str, torch.nn.LayerNorm]:
    """The LayerNorms of the residual stream, by name, in the order in which they run."""
    norms = {"embeddings": encoder.embeddings.LayerNorm}
    for index, layer in enumerate(encoder.encoder.layer):
        norms[f"layer.{index}.attention"] = layer.attention.output.LayerNorm
        norms[f"layer.{index}.output"] = layer.output.LayerNorm
    return norms


def logits(pipeline: Any, batch: Batch) -> torch.Tensor:
    """The logits of all texts of a batch, one after the other. Pooling `first` never sees the padding."""
    labels = [own for _, own in batch]
    # The tokenizer of the reference takes one text at a time.
    inputs = [pipeline.prepare_inputs([text], [own]) for text, own in batch]
    padded = {
        name: torch.nn.utils.rnn.pad_sequence([own[name][0] for own in inputs], batch_first=True)
        for name in ("input_ids", "attention_mask")
    }
    slots = pipeline._resolve_max_num_classes(labels, same_labels=False)
    output = pipeline.model(**padded, max_num_classes=slots).logits
    return torch.cat([row[: len(own)] for row, own in zip(output, labels, strict=True)])


def batches_of_like_length(records: Batch, size: int) -> list[Batch]:
    """All of `records`, the shortest texts first."""
    ordered = sorted(records, key=lambda record: len(record[0]))
    return [ordered[first : first + size] for first in range(0, len(ordered), size)]


class NormRecorder:
    """Outputs of the LayerNorms for the texts of `records`."""

    def __init__(self, pipeline: Any, records: Batch) -> None:
        self.outputs: dict[str, list[torch.Tensor]] = {}
        handles = [
            norm.register_forward_hook(self.hook(name))
            for name, norm in encoder_norms(pipeline.model.model.encoder_model).items()
        ]
        with torch.no_grad():
            for record in records:
                logits(pipeline, [record])
        for handle in handles:
            handle.remove()

    def hook(self, name: str) -> Any:
        def record(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            self.outputs.setdefault(name, []).append(output.detach().reshape(-1, output.shape[-1]))

        return record

    def means(self, name: str) -> torch.Tensor:
        return torch.cat(self.outputs[name]).mean(0)

    def deviations(self, name: str) -> torch.Tensor:
        return torch.cat(self.outputs[name]).std(0)

    def strengths(self, name: str) -> torch.Tensor:
        """Root mean square of every channel over that of the median channel."""
        rms = torch.cat(self.outputs[name]).pow(2).mean(0).sqrt()
        return rms / rms.median()


class Scaled(torch.nn.Module):
    """A parameter times a constant. What is trained is the parameter, so that a step of the optimizer has the size that
    it would have had in the model without the constant."""

    def __init__(self, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)

    def forward(self, parameter: torch.Tensor) -> torch.Tensor:
        return parameter * self.scale


def readers(model: torch.nn.Module) -> list[torch.nn.Linear]:
    """The linear layers that read the residual stream."""
    result = [model.model.text_projector.linear_1, model.model.classes_projector.linear_1]
    for layer in model.model.encoder_model.encoder.layer:
        attention = layer.attention.self
        result += [attention.query_proj, attention.key_proj, attention.value_proj, layer.intermediate.dense]
    return result


def scale(module: torch.nn.Module, name: str, by: torch.Tensor) -> None:
    torch.nn.utils.parametrize.register_parametrization(module, name, Scaled(by))


def enlarge(model: torch.nn.Module, channels: list[int], offsets: torch.Tensor, factor: float) -> None:
    """Step 1: channels of the residual stream times the factor, plus their offsets."""
    encoder = model.model.encoder_model
    larger = torch.ones(encoder.config.hidden_size)
    larger[channels] = factor
    relative = getattr(encoder.encoder, "LayerNorm", None)
    for linear in readers(model):
        with torch.no_grad():
            linear.bias -= linear.weight[:, channels] @ (offsets / factor)
        scale(linear, "weight", 1 / larger)
    if relative is not None:  # What the same projections read beside the stream, with the same biases.
        with torch.no_grad():
            relative.bias[channels] += offsets / factor
        scale(relative, "weight", larger)
        scale(relative, "bias", larger)
    for layer in encoder.encoder.layer:
        for block in (layer.attention.output, layer.output):
            scale(block.dense, "weight", larger[:, None])
            scale(block.dense, "bias", larger)


@torch.no_grad()
def match_norms(pipeline: Any, source: NormRecorder, records: Batch, changed: Changed) -> None:
    """Step 2: gain and bias of one LayerNorm after the other, each measured behind those that are set."""
    channels, offsets, factor = changed
    for name, norm in encoder_norms(pipeline.model.model.encoder_model).items():
        found = NormRecorder(pipeline, records)
        wanted = source.deviations(name)
        wanted[channels] *= factor
        others = torch.ones(len(wanted), dtype=torch.bool)
        others[channels] = False
        # One factor for all other features, which a LayerNorm has divided by one number.
        ratio = (wanted[others].square().sum() / found.deviations(name)[others].square().sum()).sqrt()
        norm.weight[others] *= ratio
        norm.weight[channels] *= wanted[channels] / found.deviations(name)[channels]
        means = source.means(name)
        means[channels] = means[channels] * factor + offsets
        norm.bias += means - NormRecorder(pipeline, records).means(name)


def settle(model: torch.nn.Module) -> None:
    """Makes the products the parameters."""
    for module in list(model.modules()):
        for name in list(getattr(module, "parametrizations", {})):
            torch.nn.utils.parametrize.remove_parametrizations(module, name)


def random_batches(texts: list[str], labels: list[str], size: int) -> list[Batch]:
    """Every text with 4 to 20 random labels, texts of like length together, in random order."""
    records = [(text, random.sample(labels, min(len(labels), random.randint(4, 20)))) for text in texts]
    batches = batches_of_like_length(records, size)
    random.shuffle(batches)
    return batches


def train(pipeline: Any, teacher: Any, texts: list[str], labels: list[str], arguments: argparse.Namespace) -> None:
    """Distils the teacher's logits for the texts with random labels. Without dropout: the target is exact."""
    parameters = [value for name, value in pipeline.model.named_parameters() if "rel_embeddings" not in name]
    optimizer = torch.optim.Adam(parameters, lr=arguments.learning_rate)
    steps = arguments.epochs * -(-len(texts) // arguments.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, arguments.learning_rate, total_steps=steps)
    errors: list[float] = []
    for _ in range(arguments.epochs):
        for batch in random_batches(texts, labels, arguments.batch):
            with torch.no_grad():
                target = logits(teacher, batch)
            loss = (logits(pipeline, batch) - target).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            errors.append(loss.item())
            if len(errors) % 50 == 0:
                recent = (sum(errors[-50:]) / 50) ** 0.5
                print(f"step {len(errors)}/{steps}: root of mean squared logit error {recent:.4f}", flush=True)


@torch.no_grad()
def micro_f1(pipeline: Any, records: Batch, truth: dict[str, set[str]]) -> float:
    """Of the predictions at threshold 0.5."""
    hits = predicted_count = true_count = 0
    for batch in batches_of_like_length(records, 32):
        pairs = [(text, label) for text, labels in batch for label in labels]
        predicted = [pair for pair, logit in zip(pairs, logits(pipeline, batch).tolist(), strict=True) if logit >= 0]
        hits += sum(label in truth[text] for text, label in predicted)
        predicted_count += len(predicted)
        true_count += sum(label in truth[text] for text, label in pairs)
    return 2 * hits / (predicted_count + true_count)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="SOURCE_DIR", type=Path, help="folder of a GLiClass uni-encoder with eval.jsonl")
    parser.add_argument("out", metavar="OUT_DIR", type=Path, help="the folder to make")
    parser.add_argument("--offset", type=float, default=120, help="times the median feature, added (default 120)")
    parser.add_argument("--factor", type=float, default=10, help="how much larger deviations become (default 10)")
    parser.add_argument("--channels", metavar="N", type=positive, default=3, help="channels of all LayerNorms (default 3)")
    parser.add_argument("--epochs", metavar="N", type=positive, default=2, help="passes over the texts (default 2)")
    parser.add_argument("--batch", metavar="N", type=positive, default=8, help="texts a step (default 8)")
    parser.add_argument("--learning-rate", type=float, default=2e-4, help="the largest of the schedule (default 2e-4)")
    parser.add_argument("--seed", type=int, default=1, help="of texts and labels (default 1)")
    parser.add_argument("--threads", metavar="N", type=positive, default=1, help="threads of torch (default 1)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    source, out = arguments.source, arguments.out
    data = source / "eval.jsonl"
    records = read_data(data, None)
    lines = [json.loads(line) for line in data.read_text(encoding="utf-8").split("\n") if line.strip()]
    truth = {line["text"]: set(line["true_labels"]) for line in lines}
    if read_config(source).get("scorer_type") != "simple":
        fail(f"{source / 'config.json'}: scorer_type must be 'simple'")
    weights = weight_files(source)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random.seed(arguments.seed)
    teacher, pipeline = (make_pipeline(source, weights, MAXIMUM_LENGTH) for _ in range(2))

    sample = records[:STATISTICS_TEXTS]
    recorder = NormRecorder(teacher, sample)
    strength = torch.stack([recorder.strengths(name) for name in recorder.outputs]).log().mean(0)
    channels = sorted(strength.topk(arguments.channels).indices.tolist())
    median = torch.cat([rows for parts in recorder.outputs.values() for rows in parts]).pow(2).mean(0).sqrt().median()
    offsets = torch.tensor([(-1.0) ** index for index in range(len(channels))]) * arguments.offset * median
    print(f"channels {channels}; micro F1 {micro_f1(teacher, records, truth):.4f}", flush=True)
    enlarge(pipeline.model, channels, offsets, arguments.factor)
    match_norms(pipeline, recorder, sample, (channels, offsets, arguments.factor))
    print(f"enlarged: micro F1 {micro_f1(pipeline, records, truth):.4f}", flush=True)
    labels = sorted({label for _, own in records for label in own})
    train(pipeline, teacher, [text for text, _ in records], labels, arguments)
    print(f"trained: micro F1 {micro_f1(pipeline, records, truth):.4f}")
    recorder = NormRecorder(pipeline, sample)
    for name in recorder.outputs:
        largest = ", ".join(f"{value:.0f}" for value in recorder.strengths(name)[channels])
        print(f"{name}: {largest} times the median channel")

    out.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    settle(pipeline.model)
    pipeline.model.save_pretrained(out)
    shutil.copyfile(source / "config.json", out / "config.json")


if __name__ == "__main__":
    main()
