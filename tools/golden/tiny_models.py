# SPDX-License-Identifier: Apache-2.0
"""Tiny models with random weights, one for each architecture and kind of RoPE scaling, and what transformers
computes with them.

Each is made by transformers from a configuration of a few thousand weights (drawn with a fixed seed, wide enough
that every part of the model shows in the result, rounded to float16), run there (float32, eager attention), and
written as GGUF. Tensor names are those of the `gguf` package's map for the architecture, metadata keys those of its
writer. What llama.cpp's converters do to the weights is done here: the rows of q and k of each head interleaved for
the architectures whose RoPE pairs neighbours, the +1 of Gemma's norms added, Llama 3's frequency factors as the
tensor rope_freqs.weight, LongRoPE's as rope_factors_*.weight.

Writes, for each NAME, tests/golden/tiny/NAME.gguf and tests/golden/tiny/NAME.json:
  architecture  general.architecture
  prompts       ids; context (tokens that the session is made for: LongRoPE chooses its factors by it); positions
                whose rows follow; rows (logits, or the hidden states of the last layer where "hidden" is true)

Run: python tiny_models.py          (a minute on one core)
"""

import math
import os
import tempfile

import gguf
import numpy
import torch
import transformers

import common

SEED = 20251125
VOCABULARY = 128
CONTEXT = 512
SHORT, LONG = 24, 330     # tokens of the prompts; the long one crosses a split of 256 positions
LONG_POSITIONS = [0, 63, 64, 200, 255, 256, 300, 329]
LIMIT_BYTES = 300_000

# What most of the models share, in the names of transformers.
SHAPE = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, head_dim=16, max_position_embeddings=CONTEXT, rms_norm_eps=1e-6,
             bos_token_id=None, eos_token_id=None, pad_token_id=None)
WIDE = dict(hidden_size=64, intermediate_size=96)


def rope(kind="default", theta=10000.0, **more):
    return {"rope_parameters": {"rope_type": kind, "rope_theta": theta, **more}}


LLAMA3 = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
YARN = dict(factor=4.0, original_max_position_embeddings=128)
LONGROPE = dict(factor=8.0, original_max_position_embeddings=64, partial_rotary_factor=0.75,
                short_factor=[1.0, 1.05, 1.1, 1.2, 1.3, 1.5], long_factor=[1.0, 1.3, 2.0, 3.5, 6.0, 9.0])

# name: (GGUF architecture, transformers' configuration class, its arguments)
MODELS = {
    "llama": ("llama", "LlamaConfig", dict(tie_word_embeddings=True, **WIDE, **rope())),
    "llama_biases": ("llama", "LlamaConfig", dict(attention_bias=True, mlp_bias=True, **rope())),
    "llama_linear": ("llama", "LlamaConfig", dict(**rope("linear", factor=4.0))),
    "llama_llama3": ("llama", "LlamaConfig", dict(**rope("llama3", theta=500.0, **LLAMA3))),
    "llama_yarn": ("llama", "LlamaConfig", dict(**rope("yarn", **YARN))),
    "qwen2": ("qwen2", "Qwen2Config", dict(tie_word_embeddings=False, **rope(theta=1e6))),
    # YaRN with a magnitude and bounds of its own
    "qwen2_yarn": ("qwen2", "Qwen2Config", dict(tie_word_embeddings=True, **rope(
        "yarn", theta=1e4, attention_factor=0.9, beta_fast=16.0, beta_slow=2.0, **YARN))),
    # heads that together are wider than the residual stream
    "qwen3": ("qwen3", "Qwen3Config", dict(head_dim=32, num_hidden_layers=3, tie_word_embeddings=True,
                                           **rope(theta=1e6))),
    # 12 layers: two that see everything; a window that starts inside a page, a prompt far longer than it; the
    # capped logits and the scaled positions that larger Gemmas have
    "gemma3": ("gemma3", "Gemma3TextConfig", dict(
        num_hidden_layers=12, num_attention_heads=2, num_key_value_heads=1, query_pre_attn_scalar=16, sliding_window=20, tie_word_embeddings=True,
        rope_parameters={"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                         "full_attention": {"rope_type": "default", "rope_theta": 1e6}})),
    "gemma3_scaled": ("gemma3", "Gemma3TextConfig", dict(
        num_hidden_layers=7, num_attention_heads=2, num_key_value_heads=2, query_pre_attn_scalar=25, sliding_window=70, tie_word_embeddings=False,
        final_logit_softcapping=5.0,
        rope_parameters={"sliding_attention": {"rope_type": "default", "rope_theta": 5000.0},
                         "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e5}})),
    "phi3": ("phi3", "Phi3Config", dict(**WIDE, tie_word_embeddings=False, sliding_window=40, **rope())),
    "phi3_longrope": ("phi3", "Phi3Config", dict(**WIDE, tie_word_embeddings=True,
                                                 original_max_position_embeddings=64, **rope("longrope", **LONGROPE))),
    "smollm3": ("smollm3", "SmolLM3Config", dict(num_attention_heads=2, num_key_value_heads=1,
                                                 num_hidden_layers=5, tie_word_embeddings=True, **rope(theta=2e6))),
    "granite": ("granite", "GraniteConfig", dict(
        tie_word_embeddings=True, embedding_multiplier=3.0, residual_multiplier=0.4, attention_multiplier=0.11,
        logits_scaling=2.5, **rope())),
    "bert": ("bert", "BertConfig", dict(**WIDE, num_hidden_layers=3, hidden_act="gelu", layer_norm_eps=1e-6,
                                        type_vocab_size=2)),
}
ADJACENT_PAIRS = ("llama", "smollm3", "granite")


def draw(model, generator):
    """Random weights that keep the size of what they multiply; norms around what changes nothing."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if weight.dim() == 2 and "embed" not in name:
                weight.copy_(noise * 1.2 / math.sqrt(weight.shape[1]))
            elif weight.dim() == 2:
                weight.copy_(noise)
            elif name.endswith(".bias"):
                weight.copy_(noise * 0.3)
            else:  # Gemma's norms are around 0, the others around 1
                weight.copy_(weight + noise * 0.3)
            weight.copy_(weight.half().float())


def interleave(weight, heads):
    """Rows of each head from (0..d/2, d/2..d) to neighbours, as llama.cpp's converter does."""
    parts = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return parts.swapaxes(1, 2).reshape(weight.shape)


def write_rope(writer, architecture, config, parameters, head_size):
    rotated = int(head_size * parameters.get("partial_rotary_factor", 1.0))
    writer.add_rope_dimension_count(rotated)
    writer.add_rope_freq_base(parameters["rope_theta"])
    kind = parameters["rope_type"]
    if kind in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
        writer.add_rope_scaling_factor(parameters["factor"])
    if kind == "yarn":
        writer.add_rope_scaling_orig_ctx_len(parameters["original_max_position_embeddings"])
        for key, add in (("attention_factor", writer.add_rope_scaling_yarn_attn_factor),
                         ("beta_fast", writer.add_rope_scaling_yarn_beta_fast),
                         ("beta_slow", writer.add_rope_scaling_yarn_beta_slow)):
            if parameters.get(key) is not None:
                add(parameters[key])
    if kind == "longrope":
        original = parameters["original_max_position_embeddings"]
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors(
            math.sqrt(1 + math.log(config.max_position_embeddings / original) / math.log(original)))
        for name in ("long", "short"):
            writer.add_tensor(f"rope_factors_{name}.weight",
                              numpy.array(parameters[f"{name}_factor"], dtype=numpy.float32))
    if kind == "llama3":
        plain = parameters["rope_theta"] ** (-torch.arange(0, rotated, 2, dtype=torch.float64) / rotated)
        scaled, _ = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
        writer.add_tensor("rope_freqs.weight", (plain / scaled.double()).float().numpy())


def write_metadata(writer, architecture, config):
    writer.add_name(f"tiny {architecture}, random weights")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    if architecture == "bert":
        writer.add_layer_norm_eps(config.layer_norm_eps)
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.MEAN)
        return
    head_size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if head_size * config.num_attention_heads != config.hidden_size or architecture == "gemma3":
        writer.add_key_length(head_size)
        writer.add_value_length(head_size)
    parameters = config.rope_parameters
    if architecture == "gemma3":
        parameters = parameters["full_attention"]
        local = config.rope_parameters["sliding_attention"]["rope_theta"]
        if local != 10000.0:
            writer.add_rope_freq_base_swa(local)
        if config.final_logit_softcapping:
            writer.add_final_logit_softcapping(config.final_logit_softcapping)
        if config.query_pre_attn_scalar != head_size:
            writer.add_attention_scale(config.query_pre_attn_scalar ** -0.5)
    if architecture in ("gemma3", "phi3") and config.sliding_window:
        writer.add_sliding_window(config.sliding_window)
    if architecture == "granite":
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)
    write_rope(writer, architecture, config, parameters, head_size)


def write_tensors(writer, architecture, config, model):
    kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
    names = gguf.get_tensor_name_map(kinds[architecture], config.num_hidden_layers)
    tied = getattr(config, "tie_word_embeddings", False)
    for name, weight in model.state_dict().items():
        if name.startswith("pooler.") or (name == "lm_head.weight" and tied):
            continue
        to = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert to is not None, name
        if architecture in ADJACENT_PAIRS and ("q_proj" in name or "k_proj" in name):
            heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
            weight = interleave(weight, heads)
        if architecture == "gemma3" and name.endswith("norm.weight"):
            weight = weight + 1
        data = weight.contiguous().numpy()
        writer.add_tensor(to, data.astype(numpy.float16) if data.ndim == 2 else data.astype(numpy.float32))


def to_gguf(architecture, config, model):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.gguf")
        writer = gguf.GGUFWriter(path, architecture)
        write_metadata(writer, architecture, config)
        write_tensors(writer, architecture, config, model)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with open(path, "rb") as file:
            return file.read()


def seven(value):
    return float(f"{value:.7g}")


@torch.no_grad()
def run(architecture, model, ids, positions):
    inputs = torch.tensor([ids])
    rows = (model(inputs).last_hidden_state if architecture == "bert" else model(inputs).logits)[0]
    assert rows.isfinite().all()
    return [[seven(x) for x in rows[position].tolist()] for position in positions]


def main():
    torch.set_num_threads(1)
    versions = common.versions("torch", "transformers", "gguf", "numpy")
    for name, (architecture, config_class, arguments) in MODELS.items():
        generator = torch.Generator().manual_seed(SEED)
        config = getattr(transformers, config_class)(**{**SHAPE, **arguments})
        config._attn_implementation = "eager"
        auto = transformers.AutoModel if architecture == "bert" else transformers.AutoModelForCausalLM
        model = auto.from_config(config).float().eval()
        draw(model, generator)
        draws = torch.randint(0, VOCABULARY, (LONG,), generator=generator).tolist()
        lengths = ((1, CONTEXT, [0]), (SHORT, 64, range(SHORT)), (LONG, CONTEXT, LONG_POSITIONS))
        prompts = [{"ids": draws[:count], "context": context, "positions": list(positions),
                    "rows": run(architecture, model, draws[:count], positions)}
                   for count, context, positions in lengths]
        if "longrope" in name:  # one token in a long session takes the long factors: transformers never does so
            del prompts[0]
        head = common.ascii_line({"architecture": architecture, "hidden": architecture == "bert"})
        lines = ",\n".join(common.ascii_line(prompt) for prompt in prompts)
        record = {"script": __file__, "versions": versions}
        common.write_bytes(f"tiny/{name}.gguf", to_gguf(architecture, config, model), LIMIT_BYTES, **record)
        common.write_text(f"tiny/{name}.json", head[:-1] + ',"prompts":[\n' + lines + "\n]}\n", LIMIT_BYTES, **record)


if __name__ == "__main__":
    main()
