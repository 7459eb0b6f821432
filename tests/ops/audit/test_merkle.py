"""The Merkle tree against the test vectors of Certificate Transparency and the definitions of RFC 9162."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.audit.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    root_of,
)

# The leaves and roots of the reference tests of Certificate Transparency (google/certificate-transparency, merkletree).
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def test_the_empty_tree_has_the_hash_of_nothing():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Tree().root() == EMPTY_ROOT


def test_leaf_and_node_have_the_prefixes_of_the_rfc():
    assert leaf_hash(b"a") == sha256(b"\x00a").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()


def test_roots_are_those_of_the_reference_vectors_at_every_size():
    tree = Tree()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.append(leaf)
        assert tree.root().hex() == root
        assert root_of(LEAVES[: tree.size]).hex() == root


def test_the_inclusion_paths_of_the_example_in_rfc_9162():
    # Section 2.1.5, a tree of 7 entries: the paths of d0, d3, d4 and d6.
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, left = node_hash(g, h), node_hash(i, j)
    assert inclusion_proof(LEAVES[:7], 0) == [b, h, left]
    assert inclusion_proof(LEAVES[:7], 3) == [c, g, left]
    assert inclusion_proof(LEAVES[:7], 4) == [f, j, k]
    assert inclusion_proof(LEAVES[:7], 6) == [i, k]


def test_the_consistency_proofs_of_the_example_in_rfc_9162():
    # Section 2.1.5: from 3, 4 and 6 entries to 7.
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, left = node_hash(g, h), node_hash(i, j)
    assert consistency_proof(LEAVES[:7], 3) == [c, d, g, left]
    assert consistency_proof(LEAVES[:7], 4) == [left]
    assert consistency_proof(LEAVES[:7], 6) == [i, j, k]


def test_no_proof_of_what_is_not_in_the_tree():
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(IndexError):
        consistency_proof(LEAVES, 9)


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_each_entry_is_included_and_another_is_not(case):
    size, index = case
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    proof, root = inclusion_proof(leaves, index), root_of(leaves)
    assert len(proof) <= (size - 1).bit_length()
    assert is_included(leaves[index], index, size, proof, root)
    assert not is_included(leaf_hash(b"other"), index, size, proof, root)
    assert not is_included(leaves[index], index, size, [*proof, root], root)
    assert not is_included(leaves[index], size, size, proof, root)


@given(
    st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size), st.integers(0, size - 1)))
)
def test_a_prefix_is_consistent_and_a_changed_one_is_not(case):
    size, first, changed = case
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    proof, old, new = consistency_proof(leaves, first), root_of(leaves[:first]), root_of(leaves)
    assert is_consistent(first, old, size, new, proof)
    other = list(leaves)
    other[changed] = leaf_hash(b"other")
    assert not is_consistent(first, old, size, root_of(other), proof)
    if changed < first:
        assert not is_consistent(first, root_of(other[:first]), size, new, proof)
        assert not is_consistent(first, old, size, root_of(other), consistency_proof(other, first))
