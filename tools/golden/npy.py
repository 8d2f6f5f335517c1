"""Arrays as NumPy writes them: tests/golden/npy.  Run once: npy.py tests/golden/npy

Every file holds the values (i * 37) % 101 - 50, i in C order (unsigned types: without the - 50; bool: odd), of
shape (3, 4, 5) unless its name says otherwise, so that the reader needs no table of what is right."""
import sys
import numpy as np
from numpy.lib import format as npy

out = sys.argv[1]


def values(shape, kind):
    v = (np.arange(np.prod(shape, dtype=int)) * 37) % 101
    if kind == "b":
        v = v % 2
    elif kind != "u":
        v = v - 50
    return v.reshape(shape)


def array(dtype, shape=(3, 4, 5)):
    dtype = np.dtype(dtype)
    return values(shape, dtype.kind).astype(dtype)


def save(name, a, version=None):
    with open(f"{out}/{name}.npy", "wb") as f:
        npy.write_array(f, a, version=version, allow_pickle=False)


for t in ("b1", "i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"):
    save(t.lstrip("<"), array(t))
for t in (">i2", ">u4", ">i8", ">f2", ">f4", ">f8"):
    save(t.replace(">", "big-"), array(t))
for t in ("u1", "<f4", "<f8"):
    save("fortran-" + t.lstrip("<"), np.asfortranarray(array(t)))
save("fortran-big-f4", np.asfortranarray(array(">f4")))
save("fortran-matrix-i4", np.asfortranarray(array("<i4", (4, 5))))
save("version2-f4", array("<f4"), (2, 0))
save("version3-f4", array("<f4"), (3, 0))
save("scalar-f8", array("<f8", ()))
save("vector-i4", array("<i4", (7,)))
save("empty-f4", array("<f4", (0, 3)))
np.savez(f"{out}/stored.npz", x=array("<f4"), y=array("<i4", (3,)))
np.savez_compressed(f"{out}/deflated.npz", x=np.asfortranarray(array(">f8")), y=array("u1", (3,)))
