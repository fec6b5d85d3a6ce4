# SPDX-License-Identifier: Apache-2.0
"""SentencePiece as a GGUF file describes it (tokenizer.ggml.model = "llama"), built for the references.

`sentencepiece_from_gguf` is the package `sentencepiece` itself on a model made of the file's tokens,
scores and types; it is what the golden ids come from. `tokenizers_from_gguf` is the same vocabulary in the
package `tokenizers`, as transformers converts such models: a merge for every two tokens that together are
one, in the order of scores. It is the peer for speed.

What GGUF files change about the published models is undone: user-defined tokens carry spaces for U+2581,
and the unknown token may be declared control.
"""

import common
from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2
from tokenizers import AddedToken, Tokenizer, models, normalizers

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
ESCAPED_SPACE = "\u2581"


def read(reader):
    assert common.gguf_value(reader, "tokenizer.ggml.model") == "llama"
    tokens = [token.replace(" ", ESCAPED_SPACE) for token in common.gguf_value(reader, "tokenizer.ggml.tokens")]
    types = list(common.gguf_value(reader, "tokenizer.ggml.token_type"))
    types[common.gguf_value(reader, "tokenizer.ggml.unknown_token_id", 0)] = UNKNOWN
    return tokens, common.gguf_value(reader, "tokenizer.ggml.scores"), types


def sentencepiece_from_gguf(reader):
    tokens, scores, types = read(reader)
    model = sentencepiece_model_pb2.ModelProto()
    model.trainer_spec.model_type = model.trainer_spec.BPE
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.vocab_size = len(tokens)
    for name in ("unk", "bos", "eos", "pad"):
        setattr(model.trainer_spec, f"{name}_id", -1)
    model.trainer_spec.unk_id = types.index(UNKNOWN)
    model.trainer_spec.unk_piece = tokens[types.index(UNKNOWN)]
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = bool(common.gguf_value(reader, "tokenizer.ggml.add_space_prefix", True))
    model.normalizer_spec.remove_extra_whitespaces = False
    model.normalizer_spec.escape_whitespaces = True
    for token, score, kind in zip(tokens, scores, types):
        model.pieces.add(piece=token, score=score, type=kind)
    return SentencePieceProcessor(model_proto=model.SerializeToString())


def tokenizers_from_gguf(reader):
    tokens, scores, types = read(reader)
    vocab = {token: i for i, token in enumerate(tokens)}
    merges = []
    for i, token in enumerate(tokens):
        if types[i] != NORMAL:
            continue
        pairs = [(token[:cut], token[cut:]) for cut in range(1, len(token))]
        pairs = [pair for pair in pairs if pair[0] in vocab and pair[1] in vocab]
        merges += [(scores[i], pair) for pair in sorted(pairs, key=lambda pair: (vocab[pair[0]], vocab[pair[1]]))]
    merges.sort(key=lambda merge: -merge[0])
    unknown = tokens[types.index(UNKNOWN)]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[pair for _, pair in merges], unk_token=unknown,
                                     fuse_unk=True, byte_fallback=True))
    prefix = common.gguf_value(reader, "tokenizer.ggml.add_space_prefix", True)
    tokenizer.normalizer = normalizers.Sequence(
        ([normalizers.Prepend(ESCAPED_SPACE)] if prefix else []) + [normalizers.Replace(" ", ESCAPED_SPACE)])
    tokenizer.add_tokens([AddedToken(token.replace(ESCAPED_SPACE, " "), normalized=False)
                          for token, kind in zip(tokens, types) if kind == USER_DEFINED])
    return tokenizer
