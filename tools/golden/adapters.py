# SPDX-License-Identifier: Apache-2.0
"""LoRA adapters with random matrices for the tiny models of tiny_models.py, and what transformers computes with
them: PEFT applies them, and saves the folders that hearth reads.

`llama` is written as a GGUF adapter, too, as llama.cpp's converter does: the rows of q's and k's B of each head
interleaved, as those of the model's own matrices are. Its A are rounded to Q8_0 first and stored so in the GGUF file,
so that both files hold the same numbers.

Writes, for each NAME, tests/golden/adapters/NAME/adapter_config.json and adapter_model.safetensors, and
tests/golden/adapters/NAME.json:
  model         which of tests/golden/tiny
  hidden        whether the rows are hidden states, not logits
  prompts       ids; positions whose rows follow; rows

Run: python adapters.py
"""

import json
import os
import tempfile

import gguf
import numpy
import peft
import torch
import transformers

import common
import tiny_models

SEED = 20261126
LIMIT_BYTES = 120_000
LONG_POSITIONS = [0, 63, 64, 255, 256, 329]
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

# name: (tiny model, type that the matrices are saved in, peft.LoraConfig's arguments)
ADAPTERS = {
    "llama": ("llama", torch.float32, dict(r=8, lora_alpha=16, target_modules=LINEARS)),
    # of some modules only; each of these patterns counts for one of them
    "llama_patterns": ("llama", torch.bfloat16, dict(
        r=4, lora_alpha=6, use_rslora=True, target_modules=["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"],
        rank_pattern={"down_proj": 6, "layers.1.self_attn.q_proj": 3, r"^model\.layers\.0\.mlp\.(up|gate)_proj": 5},
        alpha_pattern={"self_attn.v_proj": 9, r"layers\.[1-9]\..*o_proj": 3.5})),
    "qwen3": ("qwen3", torch.float16, dict(r=5, lora_alpha=5, target_modules=["k_proj", "gate_proj"])),
    "gemma3": ("gemma3_scaled", torch.float16, dict(r=2, lora_alpha=8, target_modules=LINEARS)),
    "phi3": ("phi3", torch.float32, dict(r=4, lora_alpha=8,
                                         target_modules=["qkv_proj", "o_proj", "gate_up_proj", "down_proj"])),
    "bert": ("bert", torch.float32, dict(r=4, lora_alpha=4, target_modules=["query", "key", "value", "dense"],
                                         exclude_modules=r"pooler\.dense")),
}


def base_model(name):
    """The model of tests/golden/tiny, and the tokens drawn behind its weights."""
    architecture, config_class, arguments = tiny_models.MODELS[name]
    generator = torch.Generator().manual_seed(tiny_models.SEED)
    config = getattr(transformers, config_class)(**{**tiny_models.SHAPE, **arguments})
    config._attn_implementation = "eager"
    auto = transformers.AutoModel if architecture == "bert" else transformers.AutoModelForCausalLM
    model = auto.from_config(config).float().eval()
    tiny_models.draw(model, generator)
    ids = torch.randint(0, tiny_models.VOCABULARY, (tiny_models.LONG,), generator=generator).tolist()
    return architecture, config, model, ids


def q8_0(values):
    """Rounded as a GGUF file holds them."""
    blocks = gguf.quants.quantize(values.numpy(), gguf.GGMLQuantizationType.Q8_0)
    return torch.from_numpy(gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType.Q8_0).copy())


def draw(model, dtype, rounded, generator):
    """Products of about the size of what they are added to, in numbers that `dtype` holds."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" not in name:
                continue
            weight.copy_(torch.randn(weight.shape, generator=generator) / weight.shape[1] ** 0.5)
            if rounded and "lora_A" in name:
                weight.copy_(q8_0(weight))
            weight.copy_(weight.to(dtype).float())


def to_gguf(architecture, config, model, alpha):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "adapter.gguf")
        writer = gguf.GGUFWriter(path, architecture)
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(alpha))
        kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
        names = gguf.get_tensor_name_map(kinds[architecture], config.num_hidden_layers)
        for name, weight in sorted(model.state_dict().items()):
            if "lora_" not in name:
                continue
            module, half = name.removeprefix("base_model.model.").split(".lora_")
            weight = weight.detach()
            if half.startswith("B") and ("q_proj" in name or "k_proj" in name):
                heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
                weight = tiny_models.interleave(weight, heads)
            to = names.get_name(module) + ".weight.lora_" + half[0].lower()
            data = weight.contiguous().numpy().astype(numpy.float32)
            if half.startswith("A"):
                kind = gguf.GGMLQuantizationType.Q8_0
                writer.add_tensor(to, gguf.quants.quantize(data, kind), raw_dtype=kind)
            else:
                writer.add_tensor(to, data)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with open(path, "rb") as file:
            return file.read()


def saved(model, dtype, name):
    """What PEFT writes, of matrices in `dtype`."""
    with tempfile.TemporaryDirectory() as folder:
        state = {key: value.to(dtype) for key, value in peft.get_peft_model_state_dict(model).items()}
        model.save_pretrained(folder, state_dict={
            key.replace(".weight", ".default.weight"): value for key, value in state.items()})
        with open(os.path.join(folder, "adapter_model.safetensors"), "rb") as file:
            yield f"adapters/{name}/adapter_model.safetensors", file.read()
        with open(os.path.join(folder, "adapter_config.json"), encoding="utf-8") as file:
            config = json.load(file)
        config["target_modules"].sort()  # a set, in PEFT's hands
        yield f"adapters/{name}/adapter_config.json", (json.dumps(config, indent=2, sort_keys=True) + "\n").encode()


def main():
    torch.set_num_threads(1)
    record = {"script": __file__, "versions": common.versions("torch", "transformers", "peft", "safetensors", "gguf", "numpy")}
    for name, (tiny, dtype, arguments) in ADAPTERS.items():
        architecture, config, model, ids = base_model(tiny)
        model = peft.get_peft_model(model, peft.LoraConfig(**arguments)).eval()
        draw(model, dtype, name == "llama", torch.Generator().manual_seed(SEED))
        prompts = []
        for count, positions in ((tiny_models.SHORT, range(tiny_models.SHORT)), (tiny_models.LONG, LONG_POSITIONS)):
            prompts.append({"ids": ids[:count], "positions": list(positions),
                            "rows": tiny_models.run(architecture, model, ids[:count], positions)})
        head = common.ascii_line({"model": tiny, "hidden": architecture == "bert"})
        lines = ",\n".join(common.ascii_line(prompt) for prompt in prompts)
        common.write_text(f"adapters/{name}.json", head[:-1] + ',"prompts":[\n' + lines + "\n]}\n", LIMIT_BYTES, **record)
        for file, content in saved(model, dtype, name):
            common.write_bytes(file, content, LIMIT_BYTES, **record)
        if name == "llama":
            common.write_bytes("adapters/llama.gguf", to_gguf(architecture, config, model, arguments["lora_alpha"]),
                               LIMIT_BYTES, **record)


if __name__ == "__main__":
    main()
