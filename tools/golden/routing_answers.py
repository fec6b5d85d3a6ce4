# SPDX-License-Identifier: Apache-2.0
"""Answers of two models to the questions of examples/routing/, which routing is measured on without either model.

SmolLM2 is the local side, and with each of its answers stand the features that confidence is made of (src/route/confidence.h). Gemma-3-270M is one of
the two endpoints (the other is perfect, and needs no recording): a base model without a chat template, so what is a chat with SmolLM2 it is asked by
examples in the prompt, examples/routing/gemma3/. Both greedy, by hearth itself with --exact: the same bits on every processor.

Writes tests/golden/routing/MODEL.SPLIT.jsonl. Standard library only.

Run: python3 tools/golden/routing_answers.py HEARTH SMOLLM2.gguf GEMMA.gguf      (10 minutes on two cores; of Gemma only the test is kept: --only, --split)
"""

import argparse
import hashlib
import json
import pathlib
import platform
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
QUESTIONS = ROOT / "examples" / "routing"
SPLITS = ("validation", "test")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def answers(hearth, model, task, split, keep_features):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "answers.jsonl"
        command = [hearth, "eval", "task", task, "-m", model, "--exact", "--split", split, "--answers", out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for line in out.read_text(encoding="utf-8").splitlines():
            answer = json.loads(line)
            if not keep_features:
                del answer["features"]
            yield json.dumps(answer, ensure_ascii=True, separators=(",", ":")) + "\n"


def record(name, text, **about):
    path = GOLDEN / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="ascii")
    manifest = json.loads((GOLDEN / "manifest.json").read_text(encoding="ascii"))
    manifest[name] = {"made_by": "tools/golden/routing_answers.py", **about, "sha256": hashlib.sha256(text.encode("ascii")).hexdigest()}
    (GOLDEN / "manifest.json").write_text(json.dumps(dict(sorted(manifest.items())), indent=1, sort_keys=True) + "\n", encoding="ascii")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hearth", type=pathlib.Path)
    parser.add_argument("smollm2", type=pathlib.Path)
    parser.add_argument("gemma3", type=pathlib.Path)
    parser.add_argument("--split", choices=SPLITS, action="append")
    parser.add_argument("--only", choices=("smollm2", "gemma3"))
    arguments = parser.parse_args()
    version = json.loads(subprocess.run([arguments.hearth, "--version", "--json"], check=True, capture_output=True, text=True).stdout)
    for split in arguments.split or SPLITS:
        for name, model in (("smollm2", arguments.smollm2), ("gemma3", arguments.gemma3)):
            if arguments.only not in (None, name):
                continue
            lines = []
            for task in sorted(QUESTIONS.glob("*.toml")):
                own = QUESTIONS / name / task.name
                task = own if own.exists() else task
                print(f"{name} {split} {task.stem}", file=sys.stderr)
                lines += answers(arguments.hearth, model, task, split, keep_features=name == "smollm2")
            record(f"routing/{name}.{split}.jsonl", "".join(lines), model_sha256=sha256(model),
                   versions={"hearth": version["version"], "python": platform.python_version()})


if __name__ == "__main__":
    main()
