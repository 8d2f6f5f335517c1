"""MinHash and LSH by rensa and datasketch, beside `eidetic dedup --near 0.8 --permutations 128`.

Takes a .tar, holds its documents in memory, and tells processor seconds for what turns them into
flags of duplicates: shingles of 5 words, signatures of 128 permutations, the LSH at 0.8.  Reading
is told apart.  Neither compares the candidates, and neither writes what is left.

    python minhash.py CORPUS.tar rensa|rensa-words|datasketch [most documents]

rensa-words is rensa as its own page shows it: the words themselves are the set."""
import sys
import tarfile
import time


def read(path, most):
    texts = []
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isfile() and len(texts) < most:
                texts.append(tar.extractfile(member).read())
    return texts


def shingles(text):
    """Sets of runs of five words, joined: the cheapest form that both peers take."""
    words = text.split()
    if len(words) < 5:
        return {b" ".join(words)} if words else set()
    return {b" ".join(run) for run in zip(words, words[1:], words[2:], words[3:], words[4:])}


def run_rensa(texts, words_only):
    from rensa import RMinHash, RMinHashLSH
    index = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16)
    matrix = RMinHash.digest_matrix_from_token_byte_sets(
        [list(set(t.split()) if words_only else shingles(t)) for t in texts], num_perm=128, seed=1)
    return sum(index.query_duplicate_flags_matrix_one_shot(matrix))


def run_datasketch(texts):
    from datasketch import MinHash, MinHashLSH
    index = MinHashLSH(threshold=0.8, num_perm=128)
    flagged = 0
    for i, text in enumerate(texts):
        m = MinHash(num_perm=128, seed=1)
        m.update_batch(shingles(text))
        flagged += bool(index.query(m))
        index.insert(i, m)
    return flagged


def main():
    began = time.process_time()
    texts = read(sys.argv[1], int(sys.argv[3]) if len(sys.argv) > 3 else 1 << 30)
    read_seconds = time.process_time() - began
    began, wall = time.process_time(), time.time()
    if sys.argv[2] == "datasketch":
        flagged = run_datasketch(texts)
    else:
        flagged = run_rensa(texts, sys.argv[2] == "rensa-words")
    seconds = time.process_time() - began
    print(f"{sys.argv[2]}\t{len(texts)} documents\t{sum(map(len, texts))} bytes\tread {read_seconds:.2f} s\t"
          f"rest {seconds:.2f} s of processor, {time.time() - wall:.2f} s\t{flagged} flagged")


main()
