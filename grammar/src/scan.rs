//! The lexical pass: where strings, comments and brackets are, without knowing what they mean.
//!
//! Serves all who must not look into strings: the cutter, the depth check, the search for `;`, `//` and odd characters,
//! and the formatter's comments. One pass, no recursion, never fails: an open string ends with its line, an open `"""`
//! is read as if it were not there. The lexemes cover the text without gaps.

/// What a lexeme is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LexKind {
    /// Spaces, tabs, carriage returns.
    Blank,
    /// One `\n`.
    Newline,
    /// `# …`
    Comment,
    /// `// …`
    SlashComment,
    /// `## …`
    Doc,
    /// `"…"`, `r"…"`, `'…'`, `` `…` ``, also one that is not closed.
    Quoted,
    /// `"""…"""`
    TextBlock,
    /// A part of an f-string outside of its holes, with `f"` or `"`.
    FText,
    /// The `{` or `}` of a hole.
    Hole(bool),
    /// A word or number: letters, digits, `_`.
    Word,
    /// `(`, `[`, `{`.
    Open(u8),
    /// `)`, `]`, `}`.
    Close(u8),
    /// One other ASCII character.
    Punctuation(u8),
    /// A run of other characters outside ASCII, and control characters.
    Odd,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lexeme {
    /// What.
    pub kind: LexKind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The lexemes of a text.
pub(crate) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// For each open f-string hole: how many braces are open inside of it.
    holes: Vec<usize>,
    /// True when the next byte belongs to an f-string's text.
    in_ftext: bool,
    /// No `"""` can be closed from here on: searched for once.
    no_closer: bool,
}

impl<'t> Scanner<'t> {
    /// A scanner over all of `text`.
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, holes: Vec::new(), in_ftext: false, no_closer: false }
    }

    fn byte(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + offset).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Where the line ends: before its `\n`.
    fn line_end(&self) -> usize {
        self.rest().find('\n').map_or(self.text.len(), |n| self.at + n)
    }

    /// The end of a literal that begins `skip` bytes from here and ends with `quote` or its line.
    fn quoted_end(&self, skip: usize, quote: u8, escapes: bool) -> usize {
        let mut escaped = false;
        for (offset, byte) in self.text.as_bytes().iter().enumerate().skip(self.at + skip) {
            match byte {
                b'\n' => return offset,
                _ if escaped => escaped = false,
                b'\\' if escapes => escaped = true,
                b if *b == quote => return offset + 1,
                _ => {}
            }
        }
        self.text.len()
    }

    /// The end of an f-string's text: after its closing quote, before the `{` of a hole, or at the line's end.
    fn ftext_end(&mut self, skip: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut offset = self.at + skip;
        while let Some(byte) = bytes.get(offset) {
            match byte {
                b'\n' => break,
                b'\\' if bytes.get(offset + 1..offset + 3) == Some(b"u{") => offset += 3,
                b'\\' if bytes.get(offset + 1).is_some_and(|b| *b != b'\n') => offset += 2,
                b'"' => {
                    self.in_ftext = false;
                    return offset + 1;
                }
                b'{' if bytes.get(offset + 1) == Some(&b'{') => offset += 2,
                b'{' => {
                    self.in_ftext = true;
                    return offset;
                }
                _ => offset += 1,
            }
        }
        self.in_ftext = false;
        self.holes.clear();
        // An escape may have jumped into a character.
        while !self.text.is_char_boundary(offset) && offset < self.text.len() {
            offset += 1;
        }
        offset.min(self.text.len())
    }

    fn text_block_end(&mut self) -> Option<usize> {
        if self.no_closer {
            return None;
        }
        match self.text.get(self.at + 3..).and_then(|rest| rest.find("\"\"\"")) {
            Some(n) => Some(self.at + 3 + n + 3),
            None => {
                self.no_closer = true;
                None
            }
        }
    }

    fn word_end(&self) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at + rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
    }

    fn lex(&mut self, first: u8) -> (LexKind, usize) {
        let one = self.at + 1;
        match first {
            b'\n' => {
                self.holes.clear();
                (LexKind::Newline, one)
            }
            b' ' | b'\t' | b'\r' => {
                let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                (LexKind::Blank, self.at + rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count())
            }
            b'#' if self.byte(1) == Some(b'#') && self.byte(2) != Some(b'#') => (LexKind::Doc, self.line_end()),
            b'#' => (LexKind::Comment, self.line_end()),
            b'/' if self.byte(1) == Some(b'/') => (LexKind::SlashComment, self.line_end()),
            b'"' if self.rest().starts_with("\"\"\"") => match self.text_block_end() {
                Some(end) => (LexKind::TextBlock, end),
                None => (LexKind::Quoted, self.at + 3),
            },
            b'"' => (LexKind::Quoted, self.quoted_end(1, b'"', true)),
            b'\'' | b'`' => (LexKind::Quoted, self.quoted_end(1, first, false)),
            b'r' if self.byte(1) == Some(b'"') => (LexKind::Quoted, self.quoted_end(2, b'"', false)),
            b'f' if self.byte(1) == Some(b'"') => (LexKind::FText, self.ftext_end(2)),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => (LexKind::Word, self.word_end()),
            b'{' => {
                if let Some(open) = self.holes.last_mut() {
                    *open += 1;
                }
                (LexKind::Open(first), one)
            }
            b'}' => match self.holes.last_mut() {
                Some(0) => {
                    self.holes.pop();
                    self.in_ftext = true;
                    (LexKind::Hole(false), one)
                }
                Some(open) => {
                    *open -= 1;
                    (LexKind::Close(first), one)
                }
                None => (LexKind::Close(first), one),
            },
            b'(' | b'[' => (LexKind::Open(first), one),
            b')' | b']' => (LexKind::Close(first), one),
            0x21..=0x7e => (LexKind::Punctuation(first), one),
            _ => {
                let odd = |c: char| !c.is_ascii() || (c.is_ascii_control() && !matches!(c, '\n' | '\t' | '\r'));
                let len: usize = self.rest().chars().take_while(|c| odd(*c)).map(char::len_utf8).sum();
                (LexKind::Odd, self.at + len.max(1))
            }
        }
    }
}

impl Iterator for Scanner<'_> {
    type Item = Lexeme;

    fn next(&mut self) -> Option<Lexeme> {
        let first = self.byte(0)?;
        let start = self.at;
        let (kind, end) = if self.in_ftext {
            if first == b'{' && self.byte(1) != Some(b'{') {
                self.in_ftext = false;
                self.holes.push(0);
                (LexKind::Hole(true), start + 1)
            } else {
                let end = self.ftext_end(0);
                // An f-string that ends its line at once: go on with the newline.
                if end == start { self.lex(first) } else { (LexKind::FText, end) }
            }
        } else {
            self.lex(first)
        };
        self.at = end.max(start + 1);
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        Some(Lexeme { kind, start, end: self.at })
    }
}
