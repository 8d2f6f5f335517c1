"""The tokenizers package beside bench_bpe: the text that `bench_bpe FOLDER TEXT` wrote.

    python tokenizer.py TEXT
"""
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "true"
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402

text = open(sys.argv[1], "rb").read().decode(errors="replace")
lines = text.splitlines(keepends=True)
tok = Tokenizer(models.BPE())
tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tok.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(vocab_size=4095, min_frequency=2, show_progress=False,
                              initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
began = time.perf_counter()
tok.train_from_iterator(lines, trainer)
print(f"train\t{time.perf_counter() - began:.2f} s")
began = time.perf_counter()
tok.encode_batch(lines)
print(f"encode, all threads\t{len(text.encode()) / 1e6 / (time.perf_counter() - began):.1f} MB/s")
