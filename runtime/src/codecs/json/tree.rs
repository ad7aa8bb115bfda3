//! The keys that a program uses, compiled: which object key leads to which slot.
//!
//! Every requested key has a slot, also those of objects on the way to a nested one; slots are numbered so that the slots
//! of everything below a key follow its own (`slot + 1 .. end`), which makes "the last of two equal keys wins" one `fill`.

use rustc_hash::FxHashMap;

/// The keys of one object.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// In the order they are expected.
    pub children: Vec<Child>,
    /// For objects with many keys: where a key stands.
    index: FxHashMap<Box<[u8]>, usize>,
}

/// A requested key.
#[derive(Debug)]
pub(super) struct Child {
    /// Its text, unescaped.
    pub key: Box<[u8]>,
    /// It stands like that in the payload: nothing in it needs an escape.
    pub plain: bool,
    /// The first sixteen bytes of the key and its closing quote, and which of them count.
    head: u128,
    mask: u128,
    /// Where its value goes.
    pub slot: usize,
    /// One past the last slot below it.
    pub end: usize,
    /// The requested keys of its value.
    pub below: Option<Box<Node>>,
}

impl Child {
    fn new(key: &[u8]) -> Self {
        let plain = !key.iter().any(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20);
        let (mut head, mut mask) = (0, 0);
        for (at, byte) in key.iter().chain(b"\"").take(16).enumerate() {
            head |= u128::from(*byte) << (8 * at);
            mask |= 0xff << (8 * at);
        }
        Self { key: key.into(), plain, head, mask, slot: 0, end: 0, below: None }
    }

    /// Whether this key and its closing quote stand at `at`, written without escapes.
    #[inline(always)]
    pub fn stands_at(&self, bytes: &[u8], at: usize) -> bool {
        let rest = bytes.get(at..).unwrap_or_default();
        if !self.plain {
            return false;
        }
        match rest.first_chunk::<16>() {
            Some(chunk) if (u128::from_le_bytes(*chunk) ^ self.head) & self.mask != 0 => false,
            Some(_) if self.key.len() < 16 => true,
            Some(_) | None => self.stands_in(rest),
        }
    }

    /// As [`stands_at`](Self::stands_at), byte by byte.
    fn stands_in(&self, rest: &[u8]) -> bool {
        rest.get(self.key.len()) == Some(&b'"') && rest.starts_with(&self.key)
    }
}

/// Up to here a look through the list is faster than a hash.
const FEW: usize = 8;

impl Node {
    /// Where that key stands.
    #[inline]
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        if self.index.is_empty() {
            self.children.iter().position(|child| *child.key == *key)
        } else {
            self.index.get(key).copied()
        }
    }

    /// Where the key stands whose text begins at `start`, has no escapes, and whose closing quote is at `end`.
    #[inline]
    pub fn find_at(&self, bytes: &[u8], start: usize, end: usize) -> Option<usize> {
        if self.index.is_empty() {
            self.children.iter().position(|child| child.stands_at(bytes, start))
        } else {
            self.index.get(bytes.get(start..end)?).copied()
        }
    }

    /// The tree of these paths, and how many slots it has.
    pub fn compile<'p>(paths: impl Iterator<Item = &'p [String]>) -> (Node, usize) {
        let mut root = Node::default();
        for path in paths {
            root.insert(path);
        }
        let slots = root.number(0);
        (root, slots)
    }

    fn insert(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else { return };
        let at = self.children.iter().position(|child| *child.key == *first.as_bytes()).unwrap_or_else(|| {
            self.children.push(Child::new(first.as_bytes()));
            self.children.len() - 1
        });
        if let (Some(child), false) = (self.children.get_mut(at), rest.is_empty()) {
            child.below.get_or_insert_default().insert(rest);
        }
    }

    fn number(&mut self, mut next: usize) -> usize {
        for child in &mut self.children {
            child.slot = next;
            next += 1;
            if let Some(below) = &mut child.below {
                next = below.number(next);
            }
            child.end = next;
        }
        if self.children.len() > FEW {
            self.index = self.children.iter().enumerate().map(|(at, child)| (child.key.clone(), at)).collect();
        }
        next
    }

    /// The slot at the end of a path.
    pub fn slot(&self, path: &[String]) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        let child = self.children.get(self.find(first.as_bytes())?)?;
        if rest.is_empty() { Some(child.slot) } else { child.below.as_ref()?.slot(rest) }
    }
}
