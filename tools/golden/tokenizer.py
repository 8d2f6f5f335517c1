#!/usr/bin/env python3
"""Makes tests/golden/tokenizer/: what the `tokenizers` package trains on a text and how it encodes.

    python3 -m venv venv && venv/bin/pip install tokenizers==0.23.3
    venv/bin/python tools/golden/tokenizer.py tests/golden/tokenizer

text.txt        generated, multilingual: what all tokenizers are trained on
tokenizer.json  256 bytes, merges up to 699 entries, then <|endoftext|>
added.json      the same with add_prefix_space, ignore_merges, and added tokens of every kind
ids.json        [{"file", "text", "special": ids, "plain": ids}]; plain: special tokens are mere text
"""
import json
import pathlib
import random
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|endoftext|>"
WORDS = """
the of and to in that was for it with we'll don't they've I'm she'd it's you're can't
der die das und nicht größer Straße Übung läuft naïve café été garçon où cœur
señor mañana corazón ação não pão pięć źródło žluťoučký kůň
быть время который человек Москва Ελλάδα λόγος ἄνθρωπος
東京都 日本語 漢字 ひらがな カタカナ 中文 你好 世界 한국어 안녕하세요
हिन्दी नमस्ते العربية مرحبا עברית שלום ไทย สวัสดี தமிழ்
👍🏽 👨‍👩‍👧 🇩🇪 😀 e\u0301 a\u0308 1 22 333 2024 3.14 ½ ² Ⅻ ٣٤ 一二三
foo_bar x=1; C++ http://example.org/a?b=c {"k":[1,2]} --- ... !? “quoted” ’s
""".split()
WHITE = [chr(c) for c in [*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028,
                          0x2029, 0x202F, 0x205F, 0x3000]]
NOT_WHITE = [chr(c) for c in [0x00, *range(0x1C, 0x20), 0x7F, 0xAD, 0x180E, 0x200B, 0x200C, 0x200D,
                              0x2060, 0xFEFF, 0xFFFD, 0xE000, 0x10FFFF]]


def training_text(rng):
    parts = []
    for _ in range(3600):
        parts.append(rng.choice(WORDS[: rng.choice([8, 24, len(WORDS)])]))
        parts.append(rng.choice([" "] * 12 + ["\n", "\n\n", "  ", ", ", ". ", "\t", ""]))
    return "".join(parts)


def strings(rng):
    yield from ["", " ", "  ", "\n", " \n ", "a", "'", "''", "'s", " 's", "'S", "’s", "it's'''s"]
    yield from ["we'll've don't I'd 'twas y'all're", "'lls 'ret 'vem 'dd 'm't"]
    yield from [END, f"a{END}b", f" {END} ", f"{END}{END}", END[:-1], f"{END[:5]}{END}"]
    yield "".join(f"a{c}b{c}{c}c {c}d{c} e" for c in WHITE)
    yield "".join(WHITE)
    yield "".join(f"a{c}b {c}{c}" for c in NOT_WHITE)
    yield from ["e\u0301 é a\u0308ä \u0301\u0301x", "👍🏽👨‍👩‍👧🇩🇪 😀😀 🏳️‍🌈", "東京都の日本語、中文。한국어 ไทยสวัสดี"]
    yield from ["½²Ⅻ٣٤ 1½ a² 1a2b", "\u1c89 \ua7cb \U00010d40\U00010d4a \U0002ebf0", "a" * 300, "\t" * 50]
    yield from ["<pad>x <pad> y", "L  R", "a \u3000[L]b", "[R] \u00a0\nx[R]", "x  [B]  y", "<n><n1>", "<n1> é日本 new tok"]
    bits = WORDS + WHITE + NOT_WHITE + [END, "<pad>", "[L]", "[R]", "[B]", "<n>", "<n1>", "new tok", "'s", " ", "  "]
    for _ in range(120):
        yield "".join(rng.choice(bits) + rng.choice(["", " "]) for _ in range(rng.randrange(1, 12)))
    for _ in range(60):
        yield "".join(rng.choice([chr(rng.randrange(0x250)), chr(rng.randrange(0x250, 0xD800)),
                                  chr(rng.randrange(0x10000, 0x20000))]) for _ in range(rng.randrange(1, 10)))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(2024)
    text = training_text(rng)
    (folder / "text.txt").write_bytes(text.encode())

    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tok.train_from_iterator([text], trainers.BpeTrainer(vocab_size=699, min_frequency=2,
                                                        initial_alphabet=alphabet, show_progress=False))
    tok.add_special_tokens([END])
    tok.save(str(folder / "tokenizer.json"), pretty=False)

    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tok.model.ignore_merges = True
    tok.add_special_tokens([AddedToken("<pad>", special=True), AddedToken("[B]", lstrip=True, rstrip=True, special=True)])
    tok.add_tokens([AddedToken("[L]", lstrip=True), AddedToken("[R]", rstrip=True, normalized=False),
                    AddedToken("<n>", normalized=True), AddedToken("<n1>", normalized=False),
                    AddedToken("new tok"), AddedToken("é日本")])
    tok.save(str(folder / "added.json"), pretty=False)

    cases = []
    texts = list(strings(rng))
    for file in ["tokenizer.json", "added.json"]:
        tok = Tokenizer.from_file(str(folder / file))
        for s in texts:
            case = {"file": file, "text": s}
            for name, plain in [("special", False), ("plain", True)]:
                tok.encode_special_tokens = plain
                case[name] = tok.encode(s).ids
            cases.append(case)
    rows = ",\n".join(json.dumps(c, ensure_ascii=False, separators=(",", ":")) for c in cases)
    (folder / "ids.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")


main(pathlib.Path(sys.argv[1]))
