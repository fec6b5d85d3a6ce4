# SPDX-License-Identifier: Apache-2.0
"""SmolLM2 in PyTorch on the dequantized weights of a GGUF file, twice over.

`transformers_model`: what transformers makes of the file (eager attention). It permutes the rows of
attn_q and attn_k back to its half-split RoPE.
`Plain`: the forward pass written out from the paper and the GGUF metadata, with the file's own row order:
llama.cpp's converter has interleaved the rows of each head, so RoPE turns the neighbours (2i, 2i+1) by
position * freq_base^(-2i/d). It runs in float32 or float64 and can show every intermediate value.
The two agreeing is the evidence that the permutation and everything else is right.
"""

import os

import torch

import common


class Plain:
    """Weights: GGUF names -> tensor [rows, columns]. Everything is computed in `dtype`."""

    def __init__(self, reader, dtype):
        from gguf import dequantize
        get = lambda key, default=None: common.gguf_value(reader, key, default)
        assert get("general.architecture") == "llama"
        self.dtype = dtype
        self.layers = get("llama.block_count")
        self.heads = get("llama.attention.head_count")
        self.kv_heads = get("llama.attention.head_count_kv")
        self.width = get("llama.embedding_length")
        self.head_width = get("llama.rope.dimension_count")
        assert self.head_width * self.heads == self.width  # RoPE over the whole head
        self.epsilon = float(get("llama.attention.layer_norm_rms_epsilon"))
        self.freq_base = float(get("llama.rope.freq_base"))
        assert not any(key.startswith("llama.rope.scaling") for key in reader.fields)
        self.weights = {t.name: torch.from_numpy(dequantize(t.data, t.tensor_type).copy()).to(dtype)
                        for t in reader.tensors}
        # Tied: the head is the embedding when the file has no output.weight.
        self.head = self.weights.get("output.weight", self.weights["token_embd.weight"])

    def norm(self, x, weight):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * weight

    def rope(self, x):
        """x [positions, heads, head_width]; pairs are neighbours."""
        positions = torch.arange(x.shape[0], dtype=torch.float64)
        pair = torch.arange(0, self.head_width, 2, dtype=torch.float64)
        angle = torch.outer(positions, self.freq_base ** (-pair / self.head_width))
        cos, sin = angle.cos().to(self.dtype)[:, None, :], angle.sin().to(self.dtype)[:, None, :]
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)

    def attention(self, q, k, v):
        """q [positions, heads, d], k and v [positions, kv_heads, d] -> [positions, width]."""
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        scores = torch.einsum("qhd,khd->hqk", q, k) / self.head_width ** 0.5
        future = torch.ones(scores.shape[1:], dtype=torch.bool).triu(1)
        weights = scores.masked_fill(future, float("-inf")).softmax(-1)
        return torch.einsum("hqk,khd->qhd", weights, v).flatten(1)

    @torch.no_grad()
    def __call__(self, ids, see=lambda name, value: None, last_only=False):
        """Logits [positions, vocabulary] ([1, vocabulary] if last_only). `see` gets every intermediate
        value under the name of the GGUF tensor that it follows."""
        w = self.weights
        x = w["token_embd.weight"][torch.tensor(ids)]
        see("token_embd", x)
        for layer in range(self.layers):
            p = f"blk.{layer}."
            h = self.norm(x, w[p + "attn_norm.weight"])
            see(p + "attn_norm", h)
            q = self.rope((h @ w[p + "attn_q.weight"].T).unflatten(-1, (self.heads, -1)))
            k = self.rope((h @ w[p + "attn_k.weight"].T).unflatten(-1, (self.kv_heads, -1)))
            v = (h @ w[p + "attn_v.weight"].T).unflatten(-1, (self.kv_heads, -1))
            see(p + "attn_q.rope", q.flatten(1))
            see(p + "attn_k.rope", k.flatten(1))
            see(p + "attn_v", v.flatten(1))
            attended = self.attention(q, k, v)
            see(p + "attention", attended)
            x = x + attended @ w[p + "attn_output.weight"].T
            see(p + "attn_output.residual", x)
            h = self.norm(x, w[p + "ffn_norm.weight"])
            see(p + "ffn_norm", h)
            gate = torch.nn.functional.silu(h @ w[p + "ffn_gate.weight"].T)
            gated = gate * (h @ w[p + "ffn_up.weight"].T)
            see(p + "ffn_gated", gated)
            x = x + gated @ w[p + "ffn_down.weight"].T
            see(p + "ffn_down.residual", x)
        if last_only:
            x = x[-1:]
        x = self.norm(x, w["output_norm.weight"])
        see("output_norm", x)
        return x @ self.head.T


def transformers_model(path):
    from transformers import AutoModelForCausalLM
    folder, name = os.path.split(os.path.abspath(path))
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32,
                                                 attn_implementation="eager")
    return model.eval()
