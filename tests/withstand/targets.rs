//! The bodies of the fuzz targets over the corpus, with mutations from a seed that never changes.

use std::panic::catch_unwind;

use crate::withstand::bodies::{checks, decodes, formats, parses};
use crate::withstand::corpus::{programs, stride};

/// Small and the same everywhere (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}

const PIECES: &[&str] = &[
    "\"",
    "\"\"\"",
    "f\"{",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "|",
    ",",
    "=",
    "==",
    ":",
    "?",
    "#",
    "## d\n",
    "//",
    ";",
    "\n",
    "\r\n",
    "\t",
    " ",
    "-",
    "not ",
    "é",
    "😀",
    "e\u{301}",
    "\u{200b}",
    "“",
    "а",
    "\0",
    "@key",
    "1",
    "0x",
    "9999999999999999999",
    "null",
    "if ",
    "match ",
    "\\u{",
    "\\",
    "`",
    "'",
    "&&",
    "<>",
    "<<<<<<< a\n",
    "import \"a\"\n",
    "type T = ",
    "\u{feff}",
];

fn mutated(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(20)).min(bytes.len());
        match dice.below(5) {
            0 => drop(bytes.splice(at..end, [])),
            1 => drop(bytes.splice(at..at, PIECES[dice.below(PIECES.len())].bytes())),
            2 => {
                let part = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, part));
            }
            3 => {
                let other = &corpus[dice.below(corpus.len())];
                let from = dice.below(other.len() + 1);
                let part = other[from..(from + dice.below(60)).min(other.len())].to_vec();
                drop(bytes.splice(at..end, part));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(dice.below(256)).unwrap();
                }
            }
        }
    }
    bytes
}

/// Runs a body over a corpus and `usual` mutants of it.
fn run(corpus: &[Vec<u8>], usual: usize, body: fn(&[u8])) {
    let look = |bytes: &[u8]| {
        if catch_unwind(|| body(bytes)).is_err() {
            panic!("{:?}\n{}", bytes, String::from_utf8_lossy(bytes));
        }
    };
    corpus.iter().for_each(|bytes| look(bytes));
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let rounds = if stride(2, 1) == 1 { 200 * usual } else { usual };
    for _ in 0..rounds {
        look(&mutated(&mut dice, corpus));
    }
}

fn texts() -> Vec<Vec<u8>> {
    let seeds = seeds("programs").into_iter();
    seeds.chain(programs(false).into_iter().map(|program| program.text.into_bytes())).collect()
}

fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let folder = std::path::Path::new("fuzz/seeds").join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn parse() {
    run(&texts(), 800, parses);
}

#[test]
fn check() {
    run(&texts(), 300, checks);
}

#[test]
fn fmt() {
    run(&texts(), 500, formats);
}

#[test]
fn decode() {
    run(&seeds("records"), 2_000, decodes);
}
