//! The hash tree over an append-only list (RFC 6962, RFC 9162): roots and proofs.
//!
//! Nothing here keeps the list: a tree grows by its [`Peaks`], and whoever asks for a proof says how
//! the hash of a whole subtree is found.

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash of an entry.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    hasher.finalize().into()
}

/// The hash of two subtrees side by side.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// A whole subtree: the `index`-th of those with 2^level entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node {
    pub level: u32,
    pub index: u64,
}

impl Node {
    pub const fn first_entry(self) -> u64 {
        self.index << self.level
    }

    pub const fn entries(self) -> u64 {
        1 << self.level
    }
}

/// The whole subtrees that a tree of that size is made of, largest first.
pub fn peaks_of(size: u64) -> Vec<Node> {
    span(0, size)
}

/// The whole subtrees of a span that begins where a subtree as large as it may begin.
fn span(start: u64, end: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut at = start;
    for level in (0..u64::BITS).rev() {
        if (end - start) >> level & 1 == 1 {
            nodes.push(Node {
                level,
                index: at >> level,
            });
            at += 1 << level;
        }
    }
    nodes
}

/// All that is needed of a tree to let it grow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peaks {
    size: u64,
    hashes: Vec<Hash>,
}

impl Peaks {
    /// The tree of that size with the hashes of [`peaks_of`] it; `None` if they are not as many.
    pub fn new(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        (hashes.len() == size.count_ones() as usize).then_some(Self { size, hashes })
    }

    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry by its hash; `whole` hears of every subtree that is whole with it.
    pub fn push(&mut self, leaf: Hash, mut whole: impl FnMut(Node, &Hash)) {
        let mut node = Node {
            level: 0,
            index: self.size,
        };
        let mut hash = leaf;
        whole(node, &hash);
        while node.index & 1 == 1
            && let Some(left) = self.hashes.pop()
        {
            hash = node_hash(&left, &hash);
            node = Node {
                level: node.level + 1,
                index: node.index >> 1,
            };
            whole(node, &hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold(&self.hashes)
    }
}

fn fold(hashes: &[Hash]) -> Hash {
    let mut hashes = hashes.iter().rev();
    let Some(last) = hashes.next() else {
        return Sha256::digest([]).into();
    };
    hashes.fold(*last, |right, left| node_hash(left, &right))
}

/// Proves that the tree of size `old` is how the one of size `new` began. `node` finds the hash of a
/// whole subtree. Empty where nothing is to be proven.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    mut node: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut spans = Vec::new();
    if old > 0 && old < new {
        let (mut start, mut end, mut within) = (0, new, old);
        let mut whole = true;
        // From the root down to where the old tree ends.
        while within < end - start {
            let left = largest_power_below(end - start);
            if within <= left {
                spans.push((start + left, end));
                end = start + left;
            } else {
                spans.push((start, start + left));
                start += left;
                within -= left;
                whole = false;
            }
        }
        if !whole {
            spans.push((start, end));
        }
        spans.reverse();
    }
    spans
        .into_iter()
        .map(|(start, end)| {
            let hashes: Result<Vec<Hash>, E> =
                span(start, end).into_iter().map(&mut node).collect();
            Ok(fold(&hashes?))
        })
        .collect()
}

/// The largest power of two that is less than `n`, which is at least 2.
const fn largest_power_below(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// Whether the proof shows that the tree of size `old` is how the one of size `new` began.
pub fn is_consistent(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty() && *old_root == fold(&[]);
    }
    if old_size > new_size {
        return false;
    }
    let own = old_size.is_power_of_two().then_some(old_root);
    let mut path = own.into_iter().chain(proof);
    let Some(first) = path.next() else {
        return false;
    };
    let (mut old_at, mut new_at) = (old_size - 1, new_size - 1);
    let up = old_at.trailing_ones();
    old_at >>= up;
    new_at >>= up;
    let (mut old_hash, mut new_hash) = (*first, *first);
    for hash in path {
        if new_at == 0 {
            return false;
        }
        if old_at & 1 == 1 || old_at == new_at {
            old_hash = node_hash(hash, &old_hash);
            new_hash = node_hash(hash, &new_hash);
            while old_at & 1 == 0 && old_at != 0 {
                old_at >>= 1;
                new_at >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, hash);
        }
        old_at >>= 1;
        new_at >>= 1;
    }
    new_at == 0 && old_hash == *old_root && new_hash == *new_root
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    use super::*;

    /// A tree with all of its whole subtrees.
    fn grown(entries: impl Iterator<Item = Vec<u8>>) -> (Vec<Hash>, HashMap<Node, Hash>) {
        let (mut peaks, mut nodes) = (Peaks::default(), HashMap::new());
        let mut roots = vec![peaks.root()];
        for entry in entries {
            peaks.push(leaf_hash(&entry), |node, hash| {
                nodes.insert(node, *hash);
            });
            roots.push(peaks.root());
        }
        (roots, nodes)
    }

    // The entries and roots by which Certificate Transparency's own implementations are tested.
    #[test]
    fn known_answers() {
        let entries = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let (roots, _) = grown(entries.into_iter().map(hex));
        for (root, expected) in roots.iter().zip([
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]) {
            assert_eq!(data_encoding::HEXLOWER.encode(root), expected);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_another_implementation(size in 1_u64..600, part in 0.0..1.0_f64, other: u8) {
            let old = ((size as f64 * part) as u64).max(1);
            let entries = (0..size).map(|i| i.to_be_bytes().to_vec());
            let (roots, nodes) = grown(entries.clone());
            let mut theirs = MemoryBackedTree::<sha2_of_ct_merkle::Sha256, Vec<u8>>::new();
            for entry in entries {
                theirs.push(entry);
            }
            let root = theirs.root();
            prop_assert_eq!(root.as_bytes().as_slice(), roots[size as usize].as_slice());
            let find = |node: Node| nodes.get(&node).copied().ok_or(node);
            let mut proof = consistency_proof(old, size, find).unwrap();
            let (old_root, new_root) = (roots[old as usize], roots[size as usize]);
            if old < size {
                let bytes: Vec<u8> = proof.concat();
                let theirs = theirs.prove_consistency((size - old) as usize);
                prop_assert_eq!(theirs.as_bytes(), bytes.as_slice());
            }
            prop_assert!(is_consistent((old, &old_root), (size, &new_root), &proof));
            // Whatever is changed about it proves nothing.
            let mut wrong = old_root;
            wrong[usize::from(other) % 32] ^= 1;
            prop_assert!(!is_consistent((old, &wrong), (size, &new_root), &proof));
            prop_assert!(!is_consistent((old, &old_root), (size, &wrong), &proof));
            if !proof.is_empty() {
                let at = usize::from(other) % proof.len();
                proof[at][0] ^= 1;
                prop_assert!(!is_consistent((old, &old_root), (size, &new_root), &proof));
                proof[at][0] ^= 1;
                proof.pop();
                prop_assert!(!is_consistent((old, &old_root), (size, &new_root), &proof));
            }
        }
    }
}
