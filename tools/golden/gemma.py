# SPDX-License-Identifier: Apache-2.0
"""Logits of Gemma-3-270M for 20 prompts and its perplexity on a licence text, from transformers in float32 (eager
attention) on the dequantized weights of the GGUF.

The weights go into a Gemma3ForCausalLM made from the file's metadata, by the `gguf` package's map of names, norms less
the +1 that GGUF puts into them. Each prompt also runs in float64: `error_float32` is the reference's own rounding. The
text is tokenized by SentencePiece with the vocabulary of the file.

Writes tests/golden/gemma3_logits.json (fields as in smollm2_logits.json: see logits.py) and
tests/golden/gemma3_perplexity.json: the ids of the whole text, and the mean negative log likelihood of each window.
Convention as in perplexity.py, but that each window's first id is replaced by <bos>, as the model adds one.

Run: python gemma.py MODEL.gguf     (ten minutes on one core, 5 GB of memory)
"""

import argparse
import json
import math
import random

import gguf
import sentencepiece
import torch
import transformers
from sentencepiece import sentencepiece_model_pb2

import common

SEED = 20251125
SAMPLES = 1024
AGREE = 1e-3
BOS = 2
USER_DEFINED = 4
TEXT = "/usr/share/common-licenses/GFDL-1.3"
LICENCE = "/usr/share/common-licenses/Apache-2.0"
WINDOW = 512
FIRST_TARGET = 257

TEXTS = [
    "The", "\n", "Hello, world!", "The capital of France is", "2 + 2 =",
    "It was late when the ship came into the harbour, and the lamps along the quay had been lit for an hour. Nobody was",
    "def quicksort(items):\n    if len(items) <= 1:\n        return items\n    pivot = items[len(items) // 2]\n    left =",
    "Ελληνικά, русский, עברית, العربية, हिन्दी, ไทย, 日本語, 한국어 — naïve café, \U0001f600\U0001f44d\U0001f3fd",
    '{"name": "Alice", "age": 31, "tags": ["a", "b"], "address": {"street": "Main St. 5"}, "email": ',
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651",
    "Q: What colour is the sky?\nA: Blue.\n\nQ: How many legs has a spider?\nA: Eight.\n\nQ: What is 7 + 5?\nA:",
    "<start_of_turn>user\nWrite a haiku.<end_of_turn>\n<start_of_turn>model\n",
    " the" * 150, "\n" * 20 + " " * 30 + "x", "\t".join(str(n * n) for n in range(40)), "Ein alter Mann ging einmal",
]
# Beside these: prefixes of a licence. One more than a page; a split; past the sliding window of 512.
PREFIXES = (65, 256, 513, 601)


def tokenizer_of(reader):
    """SentencePiece over the vocabulary of the file."""
    proto = sentencepiece_model_pb2.ModelProto()
    kinds = common.gguf_value(reader, "tokenizer.ggml.token_type")
    scores = common.gguf_value(reader, "tokenizer.ggml.scores")
    for piece, score, kind in zip(common.gguf_value(reader, "tokenizer.ggml.tokens"), scores, kinds):
        if kind == USER_DEFINED:  # llama.cpp's converter writes their blanks out
            piece = piece.replace(" ", "\u2581")
        proto.pieces.add(piece=piece, score=score, type=kind)
    trainer = proto.trainer_spec
    trainer.model_type, trainer.byte_fallback, trainer.vocab_size = trainer.BPE, True, len(proto.pieces)
    trainer.unk_id, trainer.bos_id, trainer.eos_id, trainer.pad_id = 3, BOS, 1, 0
    trainer.unk_piece, trainer.bos_piece, trainer.eos_piece, trainer.pad_piece = "<unk>", "<bos>", "<eos>", "<pad>"
    normalizer = proto.normalizer_spec
    normalizer.name, normalizer.add_dummy_prefix = "identity", False
    normalizer.remove_extra_whitespaces, normalizer.escape_whitespaces = False, True
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())


def model_of(reader):
    get = lambda key: common.gguf_value(reader, "gemma3." + key)
    assert common.gguf_value(reader, "general.architecture") == "gemma3"
    layers, head_size = get("block_count"), get("attention.key_length")
    config = transformers.Gemma3TextConfig(
        vocab_size=len(common.gguf_value(reader, "tokenizer.ggml.tokens")), hidden_size=get("embedding_length"),
        intermediate_size=get("feed_forward_length"), num_hidden_layers=layers,
        num_attention_heads=get("attention.head_count"), num_key_value_heads=get("attention.head_count_kv"),
        head_dim=head_size, query_pre_attn_scalar=head_size, sliding_window=get("attention.sliding_window"),
        rms_norm_eps=get("attention.layer_norm_rms_epsilon"), max_position_embeddings=get("context_length"),
        tie_word_embeddings=True,
        rope_parameters={"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                         "full_attention": {"rope_type": "default", "rope_theta": get("rope.freq_base")}})
    config._attn_implementation = "eager"
    model = transformers.AutoModelForCausalLM.from_config(config).float().eval()
    tensors = {t.name: t for t in reader.tensors}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA3, layers)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            tensor = tensors.pop(names.get_name(name, try_suffixes=(".weight",)))
            values = torch.from_numpy(gguf.dequantize(tensor.data, tensor.tensor_type).copy())
            weight.copy_(values - 1 if name.endswith("norm.weight") else values)
    assert not tensors, tensors.keys()
    return model


def nine(value):
    return float(f"{value:.9g}")


@torch.no_grad()
def last_logits(model, ids):
    return model(torch.tensor([ids]), logits_to_keep=1).logits[0, -1].double()


def write_logits(model, tokenizer, record):
    with open(LICENCE, encoding="utf-8") as file:
        licence = tokenizer.encode(file.read())
    prompts = [(text, [BOS] + tokenizer.encode(text)) for text in TEXTS]
    prompts += [(None, [BOS] + licence[:count - 1]) for count in PREFIXES]
    single = [last_logits(model, ids) for _, ids in prompts]
    model.double()
    exact = [last_logits(model, ids) for _, ids in prompts]
    model.float()
    draw = random.Random(SEED)
    samples = sorted({draw.getrandbits(32) % len(single[0]) for _ in range(SAMPLES)})
    lines = []
    for (text, ids), logits, precise in zip(prompts, single, exact):
        error = (logits - precise).abs().max().item()
        best = logits.topk(10)
        top = [[i, nine(x)] for i, x in zip(best.indices.tolist(), best.values.tolist())]
        assert error < AGREE and top[0][0] == precise.argmax().item(), (text, error)
        lines.append(common.ascii_line({
            **({"text": text} if text else {"prefix_of": LICENCE}), "ids": ids, "argmax": top[0][0],
            "logsumexp": nine(logits.logsumexp(-1).item()), "margin": nine(top[0][1] - top[1][1]),
            "error_float32": nine(error), "top": top, "logits": [nine(logits[i].item()) for i in samples]}))
        print(f"{len(ids):4} ids, best {top[0][0]:6} margin {top[0][1] - top[1][1]:.4f}, error {error:.2e}")
    head = common.ascii_line({**record, "sample_ids": samples})
    common.write_text("gemma3_logits.json", head[:-1] + ',"prompts":[\n' + ",\n".join(lines) + "\n]}\n", 400_000,
                      script=__file__, model_sha256=record["model_sha256"], versions=record["versions"])


@torch.no_grad()
def write_perplexity(model, tokenizer, record):
    with open(TEXT, encoding="utf-8", newline="") as file:
        ids = tokenizer.encode(file.read())
    losses = []
    for begin in range(0, len(ids) - WINDOW + 1, WINDOW):
        window = torch.tensor([BOS] + ids[begin + 1:begin + WINDOW])
        logits = model(window[None]).logits[0, FIRST_TARGET - 1:-1].double().log_softmax(-1)
        losses.append((-logits.gather(1, window[FIRST_TARGET:, None])[:, 0]).tolist())
    mean = lambda values: math.fsum(values) / len(values)
    perplexity = math.exp(mean([x for window in losses for x in window]))
    result = {
        **record, "text": {"path": TEXT, "sha256": common.sha256_file(TEXT)},
        "convention": {"window": WINDOW, "stride": WINDOW, "bos": BOS, "tail": "dropped",
                       "first_target_index": FIRST_TARGET, "last_target_index": WINDOW - 1},
        "perplexity": perplexity, "mean_nll": [mean(window) for window in losses], "ids": ids}
    common.write_text("gemma3_perplexity.json", json.dumps(result) + "\n", 100_000, script=__file__,
                      model_sha256=record["model_sha256"], versions=record["versions"])
    print(len(ids), "ids, perplexity", perplexity)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("model")
    path = arguments.parse_args().model
    torch.set_num_threads(1)
    reader = common.gguf_reader(path)
    record = {"made_by": common.made_by(__file__), "model_sha256": common.sha256_file(path),
              "versions": common.versions("torch", "transformers", "sentencepiece", "gguf", "numpy")}
    tokenizer, model = tokenizer_of(reader), model_of(reader)
    write_perplexity(model, tokenizer, record)
    write_logits(model, tokenizer, record)


if __name__ == "__main__":
    main()
