"""A model for tests of commands: one layer of gpt2, random weights, every byte a token."""
import json
import os
import pathlib
import random
import struct

VOCAB, WIDTH, CONTEXT = 257, 8, 48  # 256 bytes and the end of a text


def write_model(folder):
    """One layer of gpt2 with weights drawn at random, as safetensors: a length, a JSON header, floats."""
    shapes = {"wte.weight": [VOCAB, WIDTH], "wpe.weight": [CONTEXT, WIDTH], "ln_f.weight": [WIDTH], "ln_f.bias": [WIDTH]}
    for name, shape in (("ln_1.weight", [WIDTH]), ("ln_1.bias", [WIDTH]), ("ln_2.weight", [WIDTH]),
                        ("ln_2.bias", [WIDTH]), ("attn.c_attn.weight", [WIDTH, 3 * WIDTH]),
                        ("attn.c_attn.bias", [3 * WIDTH]), ("attn.c_proj.weight", [WIDTH, WIDTH]),
                        ("attn.c_proj.bias", [WIDTH]), ("mlp.c_fc.weight", [WIDTH, 4 * WIDTH]),
                        ("mlp.c_fc.bias", [4 * WIDTH]), ("mlp.c_proj.weight", [4 * WIDTH, WIDTH]),
                        ("mlp.c_proj.bias", [WIDTH])):
        shapes["h.0." + name] = shape
    header, data = {}, b""
    for name, shape in shapes.items():
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        begin = len(data)
        data += struct.pack(f"<{n}f", *(random.gauss(0, 0.3) for _ in range(n)))
        header["transformer." + name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    os.mkdir(folder)
    pathlib.Path(folder, "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    pathlib.Path(folder, "config.json").write_text(json.dumps(
        {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": VOCAB, "n_positions": CONTEXT,
         "n_embd": WIDTH, "n_layer": 1, "n_head": 2, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}))
