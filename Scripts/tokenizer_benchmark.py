#!/usr/bin/env python3
"""Compares tokenizing with `gliclass`, libsentencepiece and the `tokenizers` library in one run, on one core.

    Scripts/tokenizer_benchmark.py CHECKPOINT [--data DATA.jsonl] [--rounds 7] [--runs 5] [--work DIR]

CHECKPOINT is a folder with tokenizer.json (and spm.model: otherwise one is made from tokenizer.json; a BPE has none). It is
converted with the release build. The lines are the texts of DATA.jsonl (default: the demo's), a text a line. Each round runs a
process of each kind in turn, pinned to one processor; each process encodes all lines RUNS times after once for nothing, and gives its median. Our
cache of words is empty at the beginning of every one of those; that of `tokenizers` is not. `tokenizers` is measured through
`encode_batch_fast`, which keeps no offsets. Printed are medians over the rounds, and ratios of them.

Needs tokenizers and, to make an spm.model, sentencepiece and protobuf; g++ and libsentencepiece-dev. Nothing else should run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def tokenizers_run(tokenizer_path, lines_path, runs):
    """What a process of the `tokenizers` library measures: this script, called by itself."""
    import time

    import tokenizers

    start = time.perf_counter()
    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_path)
    opened = time.perf_counter() - start
    tokenizer.no_truncation()
    tokenizer.no_padding()
    lines = [line for line in Path(lines_path).read_text(encoding="utf-8").split("\n") if line]
    times = []
    for run in range(runs + 1):
        start = time.perf_counter()
        encodings = tokenizer.encode_batch_fast(lines)
        if run:
            times.append(time.perf_counter() - start)
    size = sum(len(line.encode()) for line in lines)
    median = statistics.median(times)
    print(json.dumps({"bytes": size, "tokens": sum(len(encoding.ids) for encoding in encodings),
                      "median_ms": median * 1e3, "megabytes_per_second": size / median / 1e6, "open_ms": opened * 1e3}))


def sentencepiece_model(tokenizer_path, output):
    """A model of the pieces of tokenizer.json; none for a BPE."""
    import base64

    from sentencepiece import sentencepiece_model_pb2

    root = json.loads(tokenizer_path.read_text(encoding="utf-8"))
    if root["model"]["type"] != "Unigram":
        return None
    model = sentencepiece_model_pb2.ModelProto()
    added = {token["content"] for token in root["added_tokens"]}
    for index, (piece, score) in enumerate(root["model"]["vocab"]):
        unknown = index == root["model"]["unk_id"]
        model.pieces.add(piece=piece, score=score, type=2 if unknown else 3 if piece in added else 1)
    steps = (root["normalizer"] or {}).get("normalizers", [root["normalizer"] or {}])
    for step in steps:
        if step.get("type") == "Precompiled":
            model.normalizer_spec.precompiled_charsmap = base64.b64decode(step["precompiled_charsmap"])
    model.trainer_spec.model_type = 1
    model.trainer_spec.unk_id = root["model"]["unk_id"]
    model.trainer_spec.unk_piece = root["model"]["vocab"][root["model"]["unk_id"]][0]
    model.normalizer_spec.name = "nmt_nfkc"
    output.write_bytes(model.SerializeToString())
    return output


def measured(command):
    process = subprocess.run(["taskset", "-c", "0", *map(str, command)], check=True, capture_output=True, text=True,
                             env={**os.environ, "TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"})
    return json.loads(process.stdout)


def commands(arguments, work):
    """The command of each kind, by name."""
    build = ["swift", "build", "-c", "release"]
    subprocess.run(build, cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    programs = Path(subprocess.run([*build, "--show-bin-path"], cwd=TOP, check=True, capture_output=True,
                                   text=True).stdout.strip())
    lines = work / "lines.txt"
    texts = [json.loads(line)["text"] for line in arguments.data.read_text(encoding="utf-8").splitlines()]
    lines.write_text("\n".join(" ".join(text.split("\n")) for text in texts) + "\n", encoding="utf-8")
    model = work / "model.glc"
    subprocess.run([programs / "gliclass-convert", arguments.checkpoint, "-o", model], check=True,
                   stdout=subprocess.DEVNULL)
    found = {"gliclass": [programs / "gliclass", "bench", model, "--text", lines, "--runs", arguments.runs, "--json"]}
    source = arguments.checkpoint / "tokenizer.json"
    pieces = arguments.checkpoint / "spm.model"
    if not pieces.exists():
        pieces = sentencepiece_model(source, work / "spm.model")
    if pieces:
        program = work / "sentencepiece_benchmark"
        subprocess.run(["g++", "-O2", "-std=c++17", TOP / "Scripts/sentencepiece_benchmark.cpp", "-lsentencepiece", "-o",
                        program], check=True)
        found["libsentencepiece"] = [program, pieces, lines, arguments.runs]
    found["tokenizers"] = [sys.executable, __file__, "--tokenizers-run", source, lines, arguments.runs]
    return found


def main():
    if sys.argv[1:2] == ["--tokenizers-run"]:
        return tokenizers_run(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, default=TOP / "Tests/Fixtures/debian-tags-f16/eval.jsonl")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        kinds = commands(arguments, work)
        results = {name: [] for name in kinds}
        for _ in range(arguments.rounds):
            for name, command in kinds.items():
                results[name].append(measured(command))
    ours = statistics.median(row["megabytes_per_second"] for row in results["gliclass"])
    print("| | MB/s | gliclass is faster by | open, ms | tokens |\n|---|---|---|---|---|")
    for name, rows in results.items():
        rate = statistics.median(row["megabytes_per_second"] for row in rows)
        opened = statistics.median(row["open_ms"] for row in rows)
        print(f"| {name} | {rate:.1f} | {ours / rate:.1f} x | {opened:.2f} | {rows[0]['tokens']} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
