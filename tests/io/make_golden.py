#!/usr/bin/env python3
"""Writes the golden array files of tests/io/golden/arrays/ with the programs whose files nmfkit reads: NumPy,
SciPy, h5py, and text as LibreOffice, pandas, R and numpy.savetxt write it. Run once; the files are kept.

Real files hold value(i, j) = 1.25 (4 i + j) + 0.5, whole-number files 7 (4 i + j), both 3 x 4."""
import gzip
import io
import lzma
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import scipy.io
import scipy.sparse

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "golden" / "arrays")
out.mkdir(parents=True, exist_ok=True)
counts = np.arange(12).reshape(3, 4)
real = counts * 1.25 + 0.5
whole = counts * 7


def npy(name, array, version=None):
    with open(out / (name + ".npy"), "wb") as f:
        np.lib.format.write_array(f, array, version=version, allow_pickle=False)


npy("real_f8", real)
npy("real_f4_fortran", np.asfortranarray(real.astype("<f4")))
npy("real_f8_big_endian", real.astype(">f8"))
npy("real_f4_big_endian_fortran", np.asfortranarray(real.astype(">f4")))
npy("real_f2", real.astype("<f2"))
npy("real_version_2", real, (2, 0))
npy("real_version_3", real, (3, 0))
for kind in "u1 u2 u4 u8 i1 i2 i4 i8".split():
    npy("whole_" + kind, whole.astype("<" + kind))
npy("whole_u2_big_endian", whole.astype(">u2"))
npy("bool", counts % 2 == 1)
npy("negative_i2", (whole - 7).astype("<i2"))
npy("large_u4", (whole.astype("<u4") + 70000))
npy("huge_i8", whole.astype("<i8") + 2**40)
npy("beyond_2_53", np.array([[2**53 + 1, 2**63 - 1]], "<i8"))
npy("pictures_u1", np.arange(24, dtype="u1").reshape(2, 3, 4))
npy("pictures_u1_fortran", np.asfortranarray(np.arange(24, dtype="u1").reshape(2, 3, 4)))
npy("one_dimension", np.arange(5.0))
npy("no_dimension", np.array(3.0))
npy("four_dimensions", np.zeros((2, 2, 2, 3), "u1"))
npy("complex", real.astype("c16"))
npy("text", np.array([["a", "b"]]))
npy("records", np.zeros(2, [("a", "f8"), ("b", "i4")]))
npy("empty", np.zeros((0, 4)))

np.savez(out / "single.npz", anything=real)
np.savez_compressed(out / "compressed.npz", anything=real)
np.savez(out / "several.npz", first=real, second=whole.astype("u1"))
np.savez(out / "x_and_labels.npz", X=real, labels=np.array([3, -1, 2]))
np.savez(out / "named.npz", X=real, sample_names=np.array(["a", "bü", "臉"]),
         feature_names=np.array(["p", "q", "r", "s"]), image_shape=np.array([2, 2]))
np.savez(out / "empty.npz")
scipy.sparse.save_npz(out / "sparse.npz", scipy.sparse.csr_matrix(real))
thin = np.where((counts // 4 + counts) % 2 == 0, real, 0)  # half of the entries are left out
thin_whole = np.where(thin > 0, whole, 0)
for layout in ("csr", "csc", "coo"):
    scipy.sparse.save_npz(out / f"sparse_{layout}.npz", scipy.sparse.coo_matrix(thin).asformat(layout),
                          compressed=layout == "csc")
    scipy.sparse.save_npz(out / f"sparse_whole_{layout}.npz",
                          scipy.sparse.coo_matrix(thin_whole * 1000).asformat(layout))
scipy.sparse.save_npz(out / "sparse_bsr.npz", scipy.sparse.bsr_matrix(thin))


def mtx(name, matrix, **how):
    scipy.io.mmwrite(out / name, matrix, precision=17, **how)


mtx("real.mtx", scipy.sparse.coo_matrix(thin))
mtx("whole.mtx", scipy.sparse.coo_matrix(thin_whole))
mtx("pattern.mtx", scipy.sparse.coo_matrix(thin), field="pattern")
mtx("symmetric.mtx", scipy.sparse.coo_matrix(thin[:, :3] + thin[:, :3].T), symmetry="symmetric")
mtx("array.mtx", real)
mtx("array_whole.mtx", whole)
for name in ("real.mtx", "real_f8.npy"):  # packed by Python's gzip and lzma, and by zstd
    plain = (out / name).read_bytes()
    (out / (name + ".gz")).write_bytes(gzip.compress(plain, mtime=0))
    # A small dictionary: a sanitizer takes milliseconds for each larger one that damaged files are read with.
    (out / (name + ".xz")).write_bytes(lzma.compress(plain, preset=0))
    subprocess.run(["zstd", "-q", "-f", str(out / name), "-o", str(out / (name + ".zst"))], check=True)


def mat(name, variables, **how):
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, variables, **how)
    data = bytearray(buffer.getvalue())
    data[0:116] = b"MATLAB 5.0 MAT-file, written by SciPy".ljust(116)  # without the date
    (out / (name + ".mat")).write_bytes(data)


mat("v5_real", {"faces": real})
mat("v7_real", {"faces": real}, do_compression=True)
mat("v5_single", {"x": real.astype("f4")})
mat("v5_u1", {"x": whole.astype("u1")})
mat("v7_u2", {"x": whole.astype("u2")}, do_compression=True)
mat("v5_i4", {"x": whole.astype("i4")})
mat("v5_logical", {"x": counts % 2 == 1})
mat("v5_pictures", {"x": np.arange(24, dtype="u1").reshape(3, 4, 2)})
mat("v7_several", {"first": real, "second": whole, "note": "text"}, do_compression=True)
mat("v5_matrix_and_scalars", {"k": 6.0, "x": real, "row": np.arange(3.0), "s": {"a": 1.0}})
mat("v5_complex", {"x": real + 1j})
mat("v5_sparse", {"x": scipy.sparse.csc_matrix(real)})
docs = scipy.sparse.csc_matrix(np.where(counts % 3 == 0, real, 0))
mat("v5_docs", {"fea": docs, "gnd": np.array([[2.0], [1.0], [2.0]])})
mat("v7_docs", {"fea": docs, "gnd": np.array([[2.0], [1.0], [2.0]])}, do_compression=True)
mat("v5_sparse_logical", {"x": scipy.sparse.csc_matrix(counts % 3 == 0)})
mat("v5_labels_and_struct", {"data": {"fea": real}, "gnd": np.array([[2.0], [1.0], [2.0]])})
mat("v5_labels_only", {"gnd": np.array([[2.0], [1.0], [2.0]])})
mat("v5_struct", {"x": {"a": real}})
mat("v5_cell", {"x": np.array([real, "b"], dtype=object)})
mat("v5_four_dimensions", {"x": np.zeros((2, 2, 2, 2))})
mat("v5_empty", {"x": np.zeros((0, 4))})
with open(out / "v4.mat", "wb") as f:
    scipy.io.savemat(f, {"x": real}, format="4")


def set_matlab_class(dataset, name):
    """As MATLAB does: a string marked as terminated, but without room for the zero."""
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(len(name))
    attribute = h5py.h5a.create(dataset.id, b"MATLAB_class", kind, h5py.h5s.create(h5py.h5s.SCALAR))
    attribute.write(np.array(name.encode()), mtype=kind)


def mat73(name, variables):
    path = out / (name + ".mat")
    with h5py.File(path, "w", userblock_size=512, libver="earliest") as f:
        for key, (array, matlab_class) in variables.items():
            f.create_dataset(key, data=np.ascontiguousarray(array.T), track_times=False)
            set_matlab_class(f[key], matlab_class)
    with open(path, "r+b") as f:
        f.write(b"MATLAB 7.3 MAT-file, written by h5py".ljust(116) + bytes(8) + b"\x00\x02IM")


mat73("v73_real", {"faces": (real, "double")})
mat73("v73_u1", {"x": (whole.astype("u1"), "uint8")})
mat73("v73_several", {"first": (real, "double"), "second": (whole.astype("i4"), "int32")})
def mat73_other(name, fill):
    """v7.3 as programs other than MATLAB write it."""
    path = out / (name + ".mat")
    with h5py.File(path, "w", userblock_size=512, libver="earliest") as f:
        fill(f)
    with open(path, "r+b") as f:
        f.write(b"MATLAB 7.3 MAT-file, written by h5py".ljust(116) + bytes(8) + b"\x00\x02IM")


def fill_sparse(f):
    group = f.create_group("fea")
    group.create_dataset("data", data=docs.data, track_times=False)
    group.create_dataset("ir", data=docs.indices.astype("u8"), track_times=False)
    group.create_dataset("jc", data=docs.indptr.astype("u8"), track_times=False)
    group.attrs.create("MATLAB_sparse", docs.shape[0], dtype="u8")
    set_matlab_class(group, "double")
    f.create_dataset("gnd", data=np.array([[2.0, 1.0, 2.0]]), track_times=False)
    set_matlab_class(f["gnd"], "double")


def fill_nullpad(f):
    f.create_dataset("x", data=np.ascontiguousarray(real.T), track_times=False)
    f["x"].attrs.create("MATLAB_class", np.bytes_("double"), dtype="S7")


def fill_bare(f):
    f.create_dataset("x", data=np.ascontiguousarray(real.T), track_times=False)
    pictures = np.arange(24, dtype="u1").reshape(3, 4, 2)
    f.create_dataset("pictures", data=pictures.transpose(2, 1, 0), track_times=False)


mat73_other("v73_docs", fill_sparse)
mat73_other("v73_nullpad", fill_nullpad)
mat73_other("v73_bare", fill_bare)
with h5py.File(out / "v73_huge.mat", "w", userblock_size=512, libver="earliest") as f:
    f.create_dataset("x", shape=(10**6, 10**6), dtype="f8", chunks=(100, 100))  # nothing is stored
    set_matlab_class(f["x"], "double")
with open(out / "v73_huge.mat", "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, written by h5py".ljust(116) + bytes(8) + b"\x00\x02IM")


def h5(name):
    return h5py.File(out / name, "w", libver="earliest", track_order=False)


def plain(group, name, array, **how):
    return group.create_dataset(name, data=array, track_times=False, **how)


def compressed(file, name, matrix, encoding):
    """As anndata writes it: "new" since 0.7, "old" before."""
    group = file.create_group(name)
    if encoding == "new":
        group.attrs["encoding-type"] = matrix.format + "_matrix"
        group.attrs["encoding-version"] = "0.1.0"
        group.attrs["shape"] = matrix.shape
    else:
        group.attrs["h5sparse_format"] = np.bytes_(matrix.format)
        group.attrs["h5sparse_shape"] = matrix.shape
    for part in ("data", "indices", "indptr"):
        plain(group, part, getattr(matrix, part), **({"compression": "gzip"} if encoding == "new" else {}))


def frame(file, name, index):
    group = file.create_group(name)
    group.attrs["_index"] = "_index"
    group.attrs["encoding-type"] = "dataframe"
    plain(group, "_index", np.array(index, dtype=object), dtype=h5py.string_dtype())
    return group


cells, genes = ["AAAC-1", "b\u00fc-1", "\u81c9-1"], ["TP53", "MYC", "CD3D", "GAPDH"]
with h5("new.h5ad") as f:
    compressed(f, "X", scipy.sparse.csr_matrix(thin.astype("f4")), "new")
    obs = frame(f, "obs", cells)
    frame(f, "var", genes)
    kinds = obs.create_group("kind")
    plain(kinds, "categories", np.array(["T", "B"], dtype=object), dtype=h5py.string_dtype())
    plain(kinds, "codes", np.array([1, 0, 1], "i1"))
    compressed(f, "layers/counts", scipy.sparse.csc_matrix(thin_whole), "new")
    compressed(f, "raw/X", scipy.sparse.csr_matrix(np.hstack([thin_whole, thin_whole])), "new")
    frame(f, "raw/var", genes + [g + "-2" for g in genes])
with h5("old.h5ad") as f:
    compressed(f, "X", scipy.sparse.csr_matrix(thin), "old")
    plain(f, "obs", np.array([(c.encode(), 1.5) for c in cells], [("index", "S8"), ("n", "f8")]))
    plain(f, "var", np.array([(g.encode(),) for g in genes], [("index", "S8")]))
with h5("dense.h5ad") as f:
    plain(f, "X", real)
    frame(f, "obs", cells)
    frame(f, "var", genes)
with h5("cellranger3.h5") as f:
    group = f.create_group("matrix")
    turned = scipy.sparse.csc_matrix(thin_whole.T)  # genes x cells
    plain(group, "barcodes", np.array([c.encode() for c in cells], "S18"))
    plain(group, "data", turned.data.astype("i4"), chunks=(5,), compression="gzip")
    plain(group, "indices", turned.indices.astype("i8"))
    plain(group, "indptr", turned.indptr.astype("i8"))
    plain(group, "shape", np.array(turned.shape, "i4"))
    features = group.create_group("features")
    plain(features, "id", np.array([b"ENSG1", b"ENSG2", b"ENSG3", b"ENSG4"]))
    plain(features, "name", np.array([g.encode() for g in genes]))
with h5("cellranger2.h5") as f:
    group = f.create_group("GRCh38")
    plain(group, "barcodes", np.array([c.encode() for c in cells]))
    plain(group, "data", turned.data.astype("i4"))
    plain(group, "indices", turned.indices.astype("i8"))
    plain(group, "indptr", turned.indptr.astype("i8"))
    plain(group, "shape", np.array(turned.shape, "i4"))
    plain(group, "genes", np.array([b"ENSG1", b"ENSG2", b"ENSG3", b"ENSG4"]))
    plain(group, "gene_names", np.array([g.encode() for g in genes]))
with h5("huge.h5ad") as f:
    f.create_dataset("X", shape=(10**6, 10**6), dtype="f8", chunks=(100, 100))  # nothing is stored
with h5("elsewhere.h5ad") as f:
    f["X"] = h5py.ExternalLink("dense.h5ad", "X")


def text(name, content):
    (out / name).write_bytes(content.encode("utf-8"))


rows = [[f"{v:g}" for v in row] for row in real]
text("libreoffice.csv", "\ufeffName;p;q;r;s\r\n" + "".join(
    f"{n};{';'.join(v.replace('.', ',') for v in row)}\r\n" for n, row in zip("abc", rows)))
text("excel.csv", "\ufeffp,q,r,s\r\n" + "".join(",".join(row) + "\r\n" for row in rows))
text("pandas.csv", ",0,1,2,3\n" + "".join(f"{i},{','.join(row)}\n" for i, row in enumerate(rows)))
text("r_write_table.txt", '"p" "q" "r" "s"\n' + "".join(
    f'"{n}" {" ".join(row)}\n' for n, row in zip("123", rows)))
text("r_write_csv.csv", '"","p","q","r","s"\n' + "".join(
    f'"{n}",{",".join(row)}\n' for n, row in zip("123", rows)))
text("genes.tsv", "gene\tp\tq\tr\ts\n" + "".join(
    f"{n}\t" + "\t".join(row) + "\n" for n, row in zip(["TP53", "臉", "a,b"], rows)))
with open(out / "savetxt.txt", "w", encoding="ascii") as f:
    np.savetxt(f, real, header="made by numpy")
text("bare.csv", "\n".join(",".join(row) for row in rows))
